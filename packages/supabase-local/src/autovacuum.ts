/**
 * What a Postgres server's autovacuum does and PGlite has not: without statistics of its rows the planner guesses, and a
 * page of a few thousand leads takes seconds instead of milliseconds.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** The part of the library's driver that is needed. */
export interface Queries {
  query: <Row extends object>(query: string, params?: unknown[]) => Promise<{ rows: Row[] }>;
}

/** Postgres' own naptime and thresholds: https://www.postgresql.org/docs/17/runtime-config-autovacuum.html */
const EVERY_MS = 60_000;
const DUE = `
  select quote_ident(schemaname) || '.' || quote_ident(relname) as name,
    n_dead_tup > 50 + 0.2 * n_live_tup as is_dusty
  from pg_stat_user_tables
  where n_mod_since_analyze > 50 + 0.1 * n_live_tup or n_dead_tup > 50 + 0.2 * n_live_tup`;

/** Looks once, at the tables that have changed much. Answers their names. @throws what Postgres says */
export async function vacuumOnce({ query }: Queries): Promise<string[]> {
  const { rows } = await query<{ name: string; is_dusty: boolean }>(DUE);
  for (const { name, is_dusty } of rows) {
    await query(is_dusty ? `vacuum (analyze) ${name}` : `analyze ${name}`);
  }
  return rows.map(({ name }) => name);
}

/** Looks every minute until `stop`, which waits for what is under way. */
export function startAutovacuum(queries: Queries, onError: (thrown: unknown) => void) {
  const over = new AbortController();
  const { signal } = over;
  const nap = () => delay(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);

  const run = async (): Promise<void> => {
    for (await nap(); !signal.aborted; await nap()) {
      await vacuumOnce(queries).catch(onError);
    }
  };
  const finished = run();

  return {
    async stop(): Promise<void> {
      over.abort();
      await finished;
    },
  };
}
