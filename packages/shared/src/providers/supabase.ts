/** A Supabase project, reached over its REST API with the service key. */
import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { ChannelStoppedError, PermanentError, TransientError } from '../errors.ts';

const TIMEOUT_MS = 15_000;
const MAX_ROWS = 100;

const rowSchema = z.record(z.string(), z.unknown());
const rowsSchema = z.array(rowSchema);
/** A row by the names of its columns. */
export type Row = z.infer<typeof rowSchema>;

export interface Database {
  /**
   * Calls a set-based function of the migrations with a batch of rows.
   * @throws PermanentError when the data is refused; ChannelStoppedError when the key or the schema is
   * wrong; TransientError when the database is not there.
   */
  storeRows(functionName: string, rows: readonly object[]): Promise<void>;
  /**
   * Calls a function of the migrations; resolves to its answer as `schema` reads it. @throws as `storeRows`;
   * ChannelStoppedError also for an answer that the schema refuses, which names the fields and never shows a value.
   */
  call<Schema extends z.ZodType>(
    functionName: string,
    args: object,
    schema: Schema,
  ): Promise<z.output<Schema>>;
  /** One row of a table by its id, or undefined. @throws as `storeRows`. */
  rowById(table: string, id: string): Promise<Row | undefined>;
  /** The first 100 rows with this value in this column, by `order`, oldest first. @throws as `storeRows`. */
  rowsWith(
    table: string,
    { column, value, order }: { column: string; value: string; order: string },
  ): Promise<Row[]>;
  /**
   * The rows of a table or view that pass all filters, in the order of its unique column `key`, those after `after`.
   * At most `limit`, and fewer where the server's own limit is lower: ask until there are none. Names are not checked:
   * never let a stranger choose them. @throws as `storeRows`; PermanentError also for a name that does not exist.
   */
  rowsAfter(table: string, query: RowsQuery): Promise<Row[]>;
}

/** How a column is compared. `is` takes null, true or false; `in` a list. */
export const filterOperators = [
  'eq',
  'neq',
  'gt',
  'gte',
  'lt',
  'lte',
  'ilike',
  'in',
  'is',
  'not_is',
] as const;
export interface RowFilter {
  column: string;
  op: (typeof filterOperators)[number];
  value: string | number | boolean | null | readonly (string | number)[];
}

export interface RowsQuery {
  columns: readonly string[];
  filters: readonly RowFilter[];
  key: string;
  after?: string | number | undefined;
  limit: number;
}

export interface DatabaseOptions {
  /** What the project is called in messages: `landing`, `tripwire`. */
  project: string;
  url: string;
  serviceKey: string;
}

export function createDatabase({ project, url, serviceKey }: DatabaseOptions): Database {
  const client = createClient(url, serviceKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: {
      fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
    },
  });

  return {
    async storeRows(functionName, rows) {
      const { error, status } = await client.rpc(functionName, { rows });
      if (error) throw classify(project, status, error);
    },
    async call(functionName, args, schema) {
      const answer = await client.rpc(functionName, args);
      if (answer.error) throw classify(project, answer.status, answer.error);
      return readAnswer(project, functionName, schema, answer.data);
    },
    async rowById(table, id) {
      const query = client.from(table).select().eq('id', id);
      const { data, error, status } = await query.maybeSingle<unknown>();
      if (error) throw classify(project, status, error);
      return data === null ? undefined : readAnswer(project, table, rowSchema, data);
    },
    async rowsWith(table, { column, value, order }) {
      const query = client.from(table).select().eq(column, value).order(order).limit(MAX_ROWS);
      const { data, error, status } = await query;
      if (error) throw classify(project, status, error);
      return readAnswer(project, table, rowsSchema, data);
    },
    async rowsAfter(table, { columns, filters, key, after, limit }) {
      let query = client.from(table).select(columns.join(','));
      if (after !== undefined) query = query.gt(key, after);
      for (const { column, op, value } of filters) {
        if (op === 'not_is') query = query.not(column, 'is', value);
        else if (op === 'in') query = query.in(column, Array.isArray(value) ? value : [value]);
        else query = query.filter(column, op, value);
      }
      const { data, error, status } = await query.order(key).limit(limit);
      if (error && /^(42703|42P01|PGRST205|PGRST100)$/.test(error.code)) {
        throw new PermanentError(`sql_${error.code}`, `Supabase ${project}: ${error.message}`);
      }
      if (error) throw classify(project, status, error);
      return readAnswer(project, table, rowsSchema, data);
    },
  };
}

/** What comes from the database is checked here. @throws ChannelStoppedError: another schema than this version's. */
function readAnswer<Schema extends z.ZodType>(
  project: string,
  source: string,
  schema: Schema,
  data: unknown,
): z.output<Schema> {
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  // Without values: they may be somebody's contact.
  const issues = read.error.issues.map(
    ({ path, code }) => `${path.join('.') || 'answer'}: ${code}`,
  );
  throw new ChannelStoppedError(
    `Supabase ${project}: ${source} answers otherwise than expected (${issues.slice(0, 3).join(', ')}; are the migrations applied?)`,
    { what: databaseStopped(project) },
  );
}

/** The alert about a project that takes nothing: one, however many consumers write there. */
export const databaseStopped = (project: string) => `supabase-${project}_stopped` as const;

interface DatabaseAnswer {
  code: string;
  message: string;
}

/**
 * By HTTP status and SQLSTATE (https://www.postgresql.org/docs/17/errcodes-appendix.html): class 22
 * and 23 are about the data; a missing function (PGRST202) or table (PGRST205, 42P01) about migrations.
 */
function classify(project: string, status: number, { code, message }: DatabaseAnswer): Error {
  const detail = `Supabase ${project}: ${[status || 'no answer', code, message].filter(Boolean).join(' ')}`;
  const what = databaseStopped(project);
  if (status === 401 || status === 403) return new ChannelStoppedError(detail, { what });
  if (/^(PGRST20[25]|42P01|42883)$/.test(code)) {
    return new ChannelStoppedError(`${detail} (are the migrations applied?)`, { what });
  }
  if (/^2[23]/.test(code)) return new PermanentError(`sql_${code}`, detail);
  return new TransientError(detail, { outage: true });
}
