/**
 * Supabase projects for one test, in memory: real Postgres behind the real REST API. Setting a database up
 * takes seconds, so the migrated state is kept as a file in the system's temporary folder and loaded from there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseBuild } from '@leadwire/supabase-local/lite';
import { LANDING_MIGRATIONS, TRIPWIRE_MIGRATIONS } from '@leadwire/supabase-local/migrations';
import { readMigrations } from '@leadwire/supabase-local/migrate';
import { startProject } from '@leadwire/supabase-local/project';
import type { Project, ProjectOptions } from '@leadwire/supabase-local/project';

const LANDING_KEY = 'sb_secret_landing_0123456789abcdef';
const PUBLISHABLE_KEY = 'sb_publishable_landing_0123456789abcdef';
const TRIPWIRE_KEY = 'sb_secret_tripwire_0123456789abcdef';

/** The landing project alone, and the variables that point a service at it. */
export interface TestLanding {
  landing: Project;
  env: {
    LANDING_SUPABASE_URL: string;
    LANDING_SUPABASE_SERVICE_KEY: string;
    LANDING_SUPABASE_PUBLISHABLE_KEY: string;
  };
  close: () => Promise<void>;
}

/** Both projects. */
export interface TestSupabase extends TestLanding {
  tripwire: Project;
  env: TestLanding['env'] & {
    TRIPWIRE_SUPABASE_URL: string;
    TRIPWIRE_SERVICE_ROLE_KEY: string;
  };
}

/** Named after everything the content depends on: a changed migration or another PGlite makes another file. */
async function snapshotPath(migrationsDir: string): Promise<string> {
  const hash = createHash('sha256').update(databaseBuild());
  for (const migration of await readMigrations(migrationsDir)) {
    hash.update(migration.version).update(migration.name).update(migration.sql);
  }
  return join(tmpdir(), 'leadwire-test-databases', `${hash.digest('hex').slice(0, 24)}.tar`);
}

async function readSnapshot(path: string): Promise<Blob | undefined> {
  try {
    return new Blob([await readFile(path)]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Test files run side by side: each writes a file of its own and renames it, so nobody reads half of one. */
async function writeSnapshot(path: string, snapshot: Blob): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, Buffer.from(await snapshot.arrayBuffer()));
  await rename(own, path);
}

async function startFromSnapshot(
  options: Pick<ProjectOptions, 'serviceKey' | 'publishableKey' | 'migrationsDir' | 'mail'>,
): Promise<Project> {
  const path = await snapshotPath(options.migrationsDir);
  const snapshot = await readSnapshot(path);
  const project = await startProject({ ...options, ...(snapshot && { snapshot }) });
  if (snapshot === undefined) await writeSnapshot(path, await project.dump());
  return project;
}

/**
/**
 * Starts the landing project on a free port, in memory, with every migration applied and no rows. Most services know
 * no other, and each project costs seconds of a core and half a gigabyte. Close it when the test is over.
 * @param mail where mails of Auth go; without it they are not sent
 */
export async function startLanding(mail?: ProjectOptions['mail']): Promise<TestLanding> {
  const landing = await startFromSnapshot({
    serviceKey: LANDING_KEY,
    publishableKey: PUBLISHABLE_KEY,
    migrationsDir: LANDING_MIGRATIONS,
    mail,
  });
  const env = {
    LANDING_SUPABASE_URL: landing.url,
    LANDING_SUPABASE_SERVICE_KEY: LANDING_KEY,
    LANDING_SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
  };
  return { landing, env, close: () => landing.close() };
}

/**
 * Starts the landing and the tripwire project, as `startLanding` does. `env` holds the variables under which services
 * look for them. Close it when the test is over.
 */
export async function startSupabase(mail?: ProjectOptions['mail']): Promise<TestSupabase> {
  const [{ landing, env }, tripwire] = await Promise.all([
    startLanding(mail),
    startFromSnapshot({ serviceKey: TRIPWIRE_KEY, migrationsDir: TRIPWIRE_MIGRATIONS }),
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
