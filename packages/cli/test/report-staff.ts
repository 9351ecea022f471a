/** Who works here in the tests of reports. */
import { createClient } from '@supabase/supabase-js';
import type { TestSupabase } from '@leadwire/testing/supabase';

/** One who works here, one who has left, one whom nobody knows any more; nobody. */
export const MANAGERS = [
  '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f00a1',
  '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f00a2',
  '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f00a3',
  null,
] as const;

/** The first two managers: Dana, who works here, and Erlan, who has left and never gave a name. */
export async function addManagers({ landing }: TestSupabase): Promise<void> {
  const [dana, erlan] = MANAGERS;
  await landing.sql(
    `insert into staff (id, email, name, role, active) values ($1, 'dana@leadwire-sample.kz', 'Дана', 'sales', true),
      ($2, 'erlan@leadwire-sample.kz', '', 'sales', false)`,
    [dana, erlan],
  );
}

/** Somebody with a login whose tags these are, as they were typed. */
export async function addTargetologist(
  { env, landing }: TestSupabase,
  sources: readonly string[],
): Promise<void> {
  const { admin } = createClient(env.LANDING_SUPABASE_URL, env.LANDING_SUPABASE_SERVICE_KEY).auth;
  const email = 'kenesary@leadwire-sample.kz';
  const { data } = await admin.createUser({ email, email_confirm: true });
  await landing.sql(
    `insert into staff (id, email, role, utm_sources) values ($1, $2, 'targetologist', $3)`,
    [data.user?.id, email, sources],
  );
}
