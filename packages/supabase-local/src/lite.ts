/**
 * The one place that loads `@supabase/lite`. Loading it replaces `process.emitWarning` with a version that
 * calls `.includes` on its argument and so throws when Node itself warns with an Error (a listener leak, say):
 * the original is put back.
 */
import { createRequire } from 'node:module';
import { extensions } from './extensions.ts';
import type { PGliteOptions } from '@electric-sql/pglite';
import type { App } from '@supabase/lite';
import type { PgliteConnection } from '@supabase/lite/pglite';

/** The parts of `@supabase/lite` that this package uses. */
export interface Lite {
  App: typeof App;
  /** Opens a database: in the folder `url`, or in memory. */
  openDatabase: (url: string | undefined, options?: DatabaseOptions) => Promise<PgliteConnection>;
}

/** What of PGlite's options this package sets. */
export type DatabaseOptions = Pick<PGliteOptions, 'loadDataDir' | 'parsers'>;

let loading: Promise<Lite> | undefined;

async function load(): Promise<Lite> {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  try {
    const { App } = await import('@supabase/lite');
    const { createPgliteConnection } = await import('@supabase/lite/pglite');
    const openDatabase: Lite['openDatabase'] = async (url, options) => {
      const connection = await createPgliteConnection({
        ...(url !== undefined && { url }),
        pgliteOptions: { ...options, extensions },
      });
      await connection.driver.waitReady;
      await dropArrayParsers(connection);
      return connection;
    };
    return { App, openDatabase };
  } finally {
    if (original !== undefined) Object.defineProperty(process, 'emitWarning', original);
  }
}

/** What an array in a row may be of to come as an array; of anything else it comes as the text that Postgres makes of it. */
const LISTED = [
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric'],
  ...['text', 'varchar', 'name', 'uuid', 'json', 'jsonb', 'date', 'timestamp', 'timestamptz'],
];

/**
 * PGlite copies all its parsers for each statement, and has one for the arrays of every type there is, each table's rows
 * among them: an eighth of what a request costs went into that.
 */
async function dropArrayParsers({ driver }: PgliteConnection): Promise<void> {
  const { rows } = await driver.query<{ typarray: number }>(
    `select typarray from pg_type where typarray <> 0
       and not (typname = any($1) and typnamespace = 'pg_catalog'::regnamespace)`,
    [LISTED],
  );
  for (const { typarray } of rows) delete driver.parsers[typarray];
}

/** Loads `@supabase/lite` once per process and leaves the process's own functions as they were. */
export function loadLite(): Promise<Lite> {
  loading ??= load();
  return loading;
}

/** Names the exact build of Postgres in use (its path holds the version): a stored database fits no other. */
export function databaseBuild(): string {
  return createRequire(import.meta.url).resolve('@electric-sql/pglite');
}
