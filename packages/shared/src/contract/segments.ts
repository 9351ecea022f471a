/**
 * The one language in which people are chosen for a campaign, by HTTP, CLI and console alike. A filter is a condition, or
 * conditions of which all or any have to hold; what it means in the database is supabase/schemas/85_segments.sql.
 */
import { z } from 'zod';

/** What the leads, sales and campaigns of a person can be asked for. */
export const segmentFields = {
  source: 'text',
  kind: 'text',
  campaign: 'text',
  utm_source: 'text',
  utm_medium: 'text',
  utm_campaign: 'text',
  utm_content: 'text',
  utm_term: 'text',
  payment_method: 'text',
  /** The stage of their deal, by its name in AmoCRM. */
  stage: 'text',
  /** When a lead of theirs came. */
  lead_at: 'moment',
  bought: 'flag',
  product: 'text',
  bought_at: 'moment',
  /** By the campaign's id, or `any`. */
  campaign_sent: 'campaign',
  campaign_opened: 'campaign',
  campaign_clicked: 'campaign',
} as const;
export type SegmentField = keyof typeof segmentFields;

const MOST_CONDITIONS = 20;
const MOST_VALUES = 50;
const DEEPEST = 3;

const fieldsOf = <Kind extends string>(kind: Kind) =>
  Object.entries(segmentFields).flatMap(([name, own]) => (own === kind ? [name] : []));
const text = z.string().trim().min(1, 'expected a value').max(200);
const sides = z.enum(['is', 'is_not']);

const conditionSchema = z.union(
  [
    z.strictObject({
      field: z.enum(fieldsOf('text')),
      op: sides,
      value: z.union([text, z.array(text).min(1).max(MOST_VALUES)]),
    }),
    z.strictObject({
      field: z.enum(fieldsOf('moment')),
      op: z.enum(['since', 'before']),
      value: z
        .string()
        .regex(/^(\d{4}-\d{2}-\d{2}|\d{1,4}d)$/, 'expected a day (2026-11-01) or days ago (30d)')
        .refine(
          (day) => day.endsWith('d') || !Number.isNaN(Date.parse(day)),
          'there is no such day',
        ),
    }),
    z.strictObject({ field: z.literal('bought'), op: z.literal('is'), value: z.boolean() }),
    z.strictObject({
      field: z.enum(fieldsOf('campaign')),
      op: sides,
      value: z.union([z.literal('any'), z.uuid('expected the id of a campaign, or any')]),
    }),
  ],
  { error: 'expected { field, op, value } of a field that there is' },
);
export type SegmentCondition = z.infer<typeof conditionSchema>;

export type SegmentFilter = SegmentCondition | { all: SegmentFilter[] } | { any: SegmentFilter[] };

const filterSchema: z.ZodType<SegmentFilter> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(filterSchema).max(MOST_CONDITIONS) }),
    z.strictObject({ any: z.array(filterSchema).min(1).max(MOST_CONDITIONS) }),
    conditionSchema,
  ]),
);

/** `{ all: [] }` is everybody who is known. */
export const segmentFilterSchema = filterSchema.refine(
  (filter) => depthOf(filter) <= DEEPEST,
  'conditions stand within conditions too deep',
);

/** What a filter is kept under. */
export const segmentNameSchema = z.string().trim().min(1, 'expected a name').max(120);

function depthOf(filter: SegmentFilter): number {
  const parts = 'all' in filter ? filter.all : 'any' in filter ? filter.any : [];
  return 1 + Math.max(0, ...parts.map(depthOf));
}

/** Thrown for a condition that nobody can read, in words for whoever typed it. */
export class SegmentSyntaxError extends Error {
  override readonly name = 'SegmentSyntaxError';
}

const OPERATORS = { '!=': 'is_not', '>=': 'since', '<': 'before', '=': 'is' } as const;
const FLAGS: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };

/**
 * A condition as it is typed: `utm_source=facebook,instagram`, `stage!=Отказ`, `lead_at>=30d`, `lead_at<2026-11-01`,
 * `bought=no`, `campaign_opened!=any`. @throws SegmentSyntaxError
 */
export function parseCondition(typed: string): SegmentCondition {
  const [, field = '', sign = '', value = ''] = /^\s*(\w+)\s*(!=|>=|<|=)\s*(.+)$/.exec(typed) ?? [];
  if (sign === '') throw new SegmentSyntaxError(`"${typed}": expected field=value`);
  if (!(field in segmentFields)) {
    const known = Object.keys(segmentFields).join(', ');
    throw new SegmentSyntaxError(`there is no field ${field}: there are ${known}`);
  }
  const kind = segmentFields[field as SegmentField];
  const values = value.split(',').map((each) => each.trim());
  const given = kind === 'flag' ? FLAGS[value.trim()] : kind === 'text' ? values : value.trim();
  const op = OPERATORS[sign as keyof typeof OPERATORS];
  const read = conditionSchema.safeParse({ field, op, value: given });
  if (read.success) return read.data;
  const allowed = {
    text: `${field}=value or ${field}!=value`,
    moment: `${field}>=30d, ${field}>=2026-11-01 or ${field}<2026-11-01`,
    flag: `${field}=yes or ${field}=no`,
    campaign: `${field}=<id of a campaign>, ${field}=any, or != of these`,
  }[kind];
  throw new SegmentSyntaxError(`"${typed}": expected ${allowed}`);
}
