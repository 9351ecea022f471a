/** Supabase projects for one test, in memory: real Postgres behind the real REST API, each a process of its own. */
import {
  LANDING_MIGRATIONS,
  TRAFFIC_MIGRATIONS,
  TRIPWIRE_MIGRATIONS,
} from '@leadwire/supabase-local/migrations';
import type { ProjectOptions } from '@leadwire/supabase-local/project';
import { startDatabaseProcess, type TestProject } from './database-process.ts';

/** One pair for all tests: a database is handed on to the next file that asks for the same. */
export const landingKeys = {
  serviceKey: 'sb_secret_landing_0123456789abcdef',
  publishableKey: 'sb_publishable_landing_0123456789abcdef',
};
const TRIPWIRE_KEY = 'sb_secret_tripwire_0123456789abcdef';
const TRAFFIC_KEY = 'sb_secret_traffic_0123456789abcdef';

/** The landing project alone, and the variables that point a service at it. */
export interface TestLanding {
  landing: TestProject;
  env: {
    LANDING_SUPABASE_URL: string;
    LANDING_SUPABASE_SERVICE_KEY: string;
    LANDING_SUPABASE_PUBLISHABLE_KEY: string;
  };
  close: () => Promise<void>;
}

/** Both projects. */
export interface TestSupabase extends TestLanding {
  tripwire: TestProject;
  env: TestLanding['env'] & {
    TRIPWIRE_SUPABASE_URL: string;
    TRIPWIRE_SERVICE_ROLE_KEY: string;
  };
}

/**
 * Starts the landing project on a free port, in memory, with every migration applied and no rows. Most services know
 * no other, and each project costs seconds of a core and half a gigabyte. Close it when the test is over.
 * @param mail where mails of Auth go; without it they are not sent
 */
export async function startLanding(
  mail?: ProjectOptions['mail'],
  run: { isFresh?: boolean } = {},
): Promise<TestLanding> {
  const landing = await startDatabaseProcess(
    { ...landingKeys, migrationsDir: LANDING_MIGRATIONS, mail },
    run,
  );
  const env = {
    LANDING_SUPABASE_URL: landing.url,
    LANDING_SUPABASE_SERVICE_KEY: landingKeys.serviceKey,
    LANDING_SUPABASE_PUBLISHABLE_KEY: landingKeys.publishableKey,
  };
  return { landing, env, close: () => landing.close() };
}

/**
 * Starts the landing and the tripwire project, as `startLanding` does. `env` holds the variables under which services
 * look for them. Close it when the test is over.
 */
export async function startSupabase(
  mail?: ProjectOptions['mail'],
  run: { isFresh?: boolean } = {},
): Promise<TestSupabase> {
  const [{ landing, env }, tripwire] = await Promise.all([
    startLanding(mail, run),
    startDatabaseProcess({ serviceKey: TRIPWIRE_KEY, migrationsDir: TRIPWIRE_MIGRATIONS }),
  ]);
  return {
    landing,
    tripwire,
    env: {
      ...env,
      TRIPWIRE_SUPABASE_URL: tripwire.url,
      TRIPWIRE_SERVICE_ROLE_KEY: TRIPWIRE_KEY,
    },
    close: async () => {
      await Promise.all([landing.close(), tripwire.close()]);
    },
  };
}

/** The traffic dashboard's project, as `startLanding` does it. */
export async function startTraffic() {
  const traffic = await startDatabaseProcess({
    serviceKey: TRAFFIC_KEY,
    migrationsDir: TRAFFIC_MIGRATIONS,
  });
  const env = { TRAFFIC_SUPABASE_URL: traffic.url, TRAFFIC_SERVICE_ROLE_KEY: TRAFFIC_KEY };
  return { traffic, env, close: () => traffic.close() };
}
