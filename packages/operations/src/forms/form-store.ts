/** The rows of `intake_forms` and `intake_rejects`, as the CLI and the console see and change them. */
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  FORMS_KEY,
  intakeFormSchema,
  ourFields,
  type IntakeForm,
} from '@leadwire/shared/contract/intake-forms';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';
import { RefusedError } from '../refused-error.ts';

const PAGE = 500;
/** Shorter ones can be guessed. */
export const SHORTEST_SECRET = 12;

const rowSchema = intakeFormSchema.extend({ last_lead_at: z.string().nullable() });
export type FormRow = z.infer<typeof rowSchema>;

export const rejectRowSchema = z.object({
  id: z.uuid(),
  form: z.string(),
  dialect: z.string().nullable(),
  reason: z.string(),
  fields: z.array(z.string()),
  content_type: z.string(),
  query: z.string(),
  body: z.string(),
  encoding: z.string(),
  received_at: z.string(),
  state: z.string(),
});
export type RejectRow = z.infer<typeof rejectRowSchema>;

/** What is wrong with a form that somebody describes, in words for them. */
export class FormError extends RefusedError<'bad_form'> {
  override readonly name = 'FormError';

  constructor(message: string) {
    super('bad_form', message);
  }
}

/** All forms, by slug. Rows that are no forms are left out: `bad` has their slugs. @throws as `Database`. */
export async function listForms(database: Database): Promise<{ forms: FormRow[]; bad: string[] }> {
  const rows: Record<string, unknown>[] = [];
  for (;;) {
    const after = rows.at(-1)?.['slug'];
    const page = await database.rowsAfter('intake_forms', {
      columns: Object.keys(rowSchema.shape),
      filters: [],
      key: 'slug',
      limit: PAGE,
      after: typeof after === 'string' ? after : undefined,
    });
    if (page.length === 0) break;
    rows.push(...page);
  }
  const parsed = rows.map((row) => ({ row, form: rowSchema.safeParse(row).data }));
  return {
    forms: parsed.flatMap(({ form }) => form ?? []),
    bad: parsed.flatMap(({ row, form }) => (form === undefined ? [String(row['slug'])] : [])),
  };
}

/** @throws as `Database`. */
export async function findForm(database: Database, slug: string): Promise<FormRow | undefined> {
  return (await listForms(database)).forms.find((form) => form.slug === slug);
}

/**
 * Adds a form, or changes the parts of one that are given; a mapping is added to the one that is there. landing-api
 * reads posts by it within a second.
 * @throws FormError in words for what cannot be; as `Database`; as `carryForms`, when the table has it already.
 */
export function changeForm(
  { bus, actor }: ActingParts,
  database: Database,
  given: { slug: string } & Partial<IntakeForm>,
): Promise<{ form: IntakeForm; isNew: boolean }> {
  const { slug, ...changes } = given;
  // By name alone: a secret is no matter for a log.
  const details = { changed: Object.keys(changes) };
  return audited(
    bus,
    { actor, action: 'form.changed', subject: slug || '-', details },
    async () => {
      const put = await putForm(database, given);
      await carryForms(bus, database);
      return put;
    },
    ({ isNew }) => ({ isNew }),
  );
}

async function putForm(
  database: Database,
  given: { slug: string } & Partial<IntakeForm>,
): Promise<{ form: IntakeForm; isNew: boolean }> {
  const held = await findForm(database, given.slug);
  const before = held ?? defaults;
  const mapping = { ...before.mapping, ...given.mapping };
  const form = checkForm({ ...before, ...given, mapping });
  await database.call('leadwire_put_form', { form }, z.unknown());
  return { form, isNew: held === undefined };
}

const defaults = {
  kind: 'request',
  dialect: 'auto',
  mapping: {} as Record<string, string>,
  secret: null,
  active: true,
};

function checkForm(form: object): IntakeForm {
  const { data, error } = intakeFormSchema.safeParse(form);
  if (data === undefined) {
    const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new FormError(issues.join('; '));
  }
  if (data.secret !== null && data.secret.length < SHORTEST_SECRET) {
    throw new FormError(`secret: expected ${SHORTEST_SECRET} characters or more`);
  }
  const known: readonly string[] = ourFields;
  const unknown = Object.values(data.mapping).filter((ours) => !known.includes(ours));
  if (unknown.length > 0) {
    throw new FormError(
      `mapping: no such field of ours: ${unknown.join(', ')}. There are ${known.join(', ')}`,
    );
  }
  return data;
}

/**
 * Carries the table's forms to the broker, where landing-api, which holds no key of the database, reads them. One key
 * holds them all: no reader sees half of a change. Answers the slugs of rows that are no forms.
 * @throws as `Database`; TransientError when the broker does not answer.
 */
export async function carryForms(bus: Pick<Bus, 'bucket'>, database: Database): Promise<string[]> {
  const { forms, bad } = await listForms(database);
  const text = JSON.stringify(forms.map(({ last_lead_at: _, ...form }) => form));
  const bucket = await bus.bucket('intake_forms');
  const held = await bucket.get(FORMS_KEY);
  if (held?.operation !== 'PUT' || held.string() !== text) await bucket.put(FORMS_KEY, text);
  return bad;
}

/** Posts to a form (to any, when it is left out) that wait to be read again, oldest first. @throws as `Database`. */
export async function openRejects(database: Database, slug?: string): Promise<RejectRow[]> {
  const rows: RejectRow[] = [];
  for (;;) {
    const page = await database.rowsAfter('intake_rejects', {
      columns: Object.keys(rejectRowSchema.shape),
      filters: [
        { column: 'state', op: 'eq', value: 'open' },
        ...(slug === undefined ? [] : [{ column: 'form', op: 'eq' as const, value: slug }]),
      ],
      key: 'id',
      limit: PAGE,
      after: rows.at(-1)?.id,
    });
    if (page.length === 0) return rows;
    rows.push(...page.map((row) => rejectRowSchema.parse(row)));
  }
}
