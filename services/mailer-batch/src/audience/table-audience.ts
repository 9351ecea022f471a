/**
 * People of a table or view of a Supabase project. Which ones may be read is configured (`AUDIENCE_TABLES`), because
 * the service key reads everything, tokens included.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import {
  filterOperators,
  type Database,
  type RowFilter,
} from '@leadwire/shared/providers/supabase';
import { MOST_ROWS, type BrokenRow, type ListedPerson } from './audience-csv.ts';

const PAGE_SIZE = 1_000;
const MOST_FILTERS = 20;

const identifier = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected a name of lower-case letters, digits and _');
const scalar = z.union([z.string().max(200), z.number(), z.boolean(), z.null()]);

/** Where the people are. */
export const tableAudienceSchema = z.strictObject({
  kind: z.literal('table'),
  project: z.enum(['landing', 'tripwire']).default('landing'),
  table: identifier,
  filter: z
    .array(
      z.strictObject({
        column: identifier,
        op: z.enum(filterOperators).default('eq'),
        value: z.union([scalar, z.array(z.union([z.string().max(200), z.number()])).max(500)]),
      }),
    )
    .max(MOST_FILTERS)
    .default([])
    .meta({ description: 'All of them have to be true.' }),
  columns: z
    .strictObject({
      name: identifier.nullable().default('name'),
      email: identifier.nullable().default('email'),
      phone: identifier.nullable().default('phone'),
      key: identifier.default('id').meta({ description: 'Unique; rows are read in its order.' }),
      variables: z
        .record(z.string(), identifier)
        .default({})
        .meta({ description: 'Which column each variable of a recipient comes from.' }),
    })
    .prefault({}),
});
export type TableAudience = z.infer<typeof tableAudienceSchema>;

/** A project's tables by `<project>.<table>`; bots that filled a form in are no audience. */
const ALWAYS_FILTERED: Readonly<Record<string, RowFilter>> = {
  'landing.landing_leads': { column: 'quarantined', op: 'eq', value: false },
  'landing.unified_lead_tracking': { column: 'quarantined', op: 'eq', value: false },
};

/** What a table cannot be read for, in words, or undefined. */
export function tableProblem(
  { project, table }: TableAudience,
  allowed: readonly string[],
  databases: Readonly<Partial<Record<TableAudience['project'], unknown>>>,
): string | undefined {
  const name = `${project}.${table}`;
  if (!allowed.includes(name)) return `${name} is not among AUDIENCE_TABLES: ${allowed.join(', ')}`;
  return databases[project] === undefined ? `the project ${project} is not configured` : undefined;
}

/**
 * The people of a table, numbered from 1 in the order of its key. `onBroken` is told when there are more than a campaign
 * takes. Throws as `Database.rowsAfter`.
 */
export async function* readTable(
  database: Pick<Database, 'rowsAfter'>,
  { project, table, filter, columns }: TableAudience,
  onBroken: (row: BrokenRow) => void,
): AsyncGenerator<ListedPerson> {
  const { name, email, phone, key, variables } = columns;
  const always = ALWAYS_FILTERED[`${project}.${table}`];
  const named = [name, email, phone, ...Object.values(variables)].filter((one) => one !== null);
  const query = {
    columns: [...new Set([key, ...named])],
    filters: always ? [...filter, always] : filter,
    key,
    limit: PAGE_SIZE,
  };
  let row = 0;
  let after: string | number | undefined;
  for (;;) {
    const rows = await database.rowsAfter(table, { ...query, after });
    await breathe();
    for (const found of rows) {
      row += 1;
      // Rows that share it could fall between two pages.
      if (found[key] === after || !isKey(found[key])) {
        return onBroken({ row, reason: `the column ${key} is not a unique key` });
      }
      after = found[key];
      if (row > MOST_ROWS) return onBroken({ row, reason: `more than ${MOST_ROWS} people` });
      const text = (column: string | null) => (column === null ? '' : asText(found[column]));
      yield {
        row,
        name: text(name),
        email: text(email),
        phone: text(phone),
        fields: Object.fromEntries(
          Object.entries(variables).map(([variable, column]) => [variable, text(column)]),
        ),
      };
    }
    if (rows.length === 0) return;
  }
}

function isKey(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
