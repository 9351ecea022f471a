/** The landing project, for the length of one command. */
import type { Database } from '@leadwire/shared/providers/supabase';
import type { CliEnv } from './env.ts';
import { UsageError } from './failure.ts';

/** With the service key; undefined where it is not given. */
export async function openLanding(env: CliEnv): Promise<Database | undefined> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) return undefined;
  // Loaded when it is needed: it takes longer than everything else together, and few commands do.
  const { createDatabase } = await import('@leadwire/shared/providers/supabase');
  return createDatabase({ project: 'landing', url, serviceKey });
}

/** For a command that is nothing without it. @throws UsageError naming what is not given */
export async function needLanding(env: CliEnv): Promise<Database> {
  const database = await openLanding(env);
  if (database) return database;
  throw new UsageError('LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed.');
}
