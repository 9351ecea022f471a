/**
 * Setting a database up takes seconds, so the migrated state is kept as a file in the system's temporary folder, and
 * loaded from there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseBuild } from '@leadwire/supabase-local/lite';
import { readMigrations } from '@leadwire/supabase-local/migrate';
import {
  openProject,
  type OpenProject,
  type ProjectOptions,
} from '@leadwire/supabase-local/project';

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

/**
 * A project in this process, in memory, and what it started from: its migrations applied and no rows.
 * @throws as `openProject`
 */
export async function openMigrated(
  options: ProjectOptions,
): Promise<{ project: OpenProject; snapshot: Blob }> {
  const path = await snapshotPath(options.migrationsDir);
  const kept = await readSnapshot(path);
  const project = await openProject({ ...options, ...(kept && { snapshot: kept }) });
  const snapshot = kept ?? (await project.dump());
  if (kept === undefined) await writeSnapshot(path, snapshot);
  return { project, snapshot };
}
