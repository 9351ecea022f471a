/**
 * One Supabase project as a process of a test: what `startProject` is given comes as its first message, statements as
 * the later ones. It ends with whoever started it. Setting a database up takes seconds, so the migrated state is kept as
 * a file in the system's temporary folder and loaded from there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseBuild } from '@leadwire/supabase-local/lite';
import { readMigrations } from '@leadwire/supabase-local/migrate';
import { startProject, type Project, type ProjectOptions } from '@leadwire/supabase-local/project';
import type { DatabaseAnswer, DatabaseRequest } from './database-process.ts';

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

async function start(options: ProjectOptions): Promise<Project> {
  const path = await snapshotPath(options.migrationsDir);
  const snapshot = await readSnapshot(path);
  const project = await startProject({ ...options, ...(snapshot && { snapshot }) });
  if (snapshot === undefined) await writeSnapshot(path, await project.dump());
  return project;
}

let project: Promise<Project> | undefined;

async function answer(request: DatabaseRequest): Promise<unknown> {
  if (request.start) {
    project = start(request.start);
    return (await project).url;
  }
  if (!project) throw new Error('the first message starts the database');
  return (await project).sql(request.query ?? '', request.params);
}

process.on('message', (text: string) => {
  const request = JSON.parse(text) as DatabaseRequest;
  const send = (result: Omit<DatabaseAnswer, 'id'>) =>
    process.send?.(JSON.stringify({ id: request.id, ...result }));
  answer(request).then(
    (value) => send({ value }),
    (thrown: Error & { code?: string }) =>
      send({ error: { message: thrown.message, code: thrown.code } }),
  );
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
