/** A hosted project's Postgres, for as long as its migrations take. */
import type { MigrationTarget, Statements } from '@leadwire/supabase-local/migrate';
import pg from 'pg';

const CONNECT_MS = 15_000;
/** Any number will do, as long as nobody else takes it: two machines may deploy at once. */
const LOCK = 7_315_204_118;

/**
 * Connects and keeps others from migrating until `work` is over.
 * @throws when the database does not answer or refuses the user, and what `work` throws.
 */
export async function withPostgres<T>(
  url: string,
  work: (target: MigrationTarget) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // A connection that breaks while nothing is asked of it is told by the next statement.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    return await work(targetOf(client));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function targetOf(client: pg.Client): MigrationTarget {
  const statements: Statements = {
    exec: (sql) => client.query(sql),
    query: async (sql, params) => ({ rows: (await client.query(sql, params)).rows as unknown[] }),
  };
  return {
    ...statements,
    async transaction(work) {
      await client.query('begin');
      try {
        const result = await work(statements);
        await client.query('commit');
        return result;
      } catch (thrown) {
        await client.query('rollback').catch(() => undefined);
        throw thrown;
      }
    },
  };
}
