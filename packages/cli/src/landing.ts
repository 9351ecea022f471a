/** The landing project, for the length of one command. */
import type { Database } from '@leadwire/shared/providers/supabase';
import type { CliEnv } from './env.ts';

/** With the service key; undefined where it is not given. */
export async function openLanding(env: CliEnv): Promise<Database | undefined> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) return undefined;
  // Loaded when it is needed: it takes longer than everything else together, and few commands do.
  const { createDatabase } = await import('@leadwire/shared/providers/supabase');
  return createDatabase({ project: 'landing', url, serviceKey });
}
