/**
 * One Supabase project as a process of a test: what `startProject` is given comes as its first message, statements as
 * the later ones. It ends with whoever started it. Setting a database up takes seconds, so the migrated state is kept as
 * a file in the system's temporary folder and loaded from there; and a database that a test file has left is brought back to
 * that state for the next one, which is faster still.
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
import type { DatabaseAnswer, DatabaseRequest } from './database-process.ts';
import { rememberDatabase } from './database-reset.ts';

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

async function open(options: ProjectOptions): Promise<OpenProject> {
  const path = await snapshotPath(options.migrationsDir);
  const snapshot = await readSnapshot(path);
  const project = await openProject({ ...options, ...(snapshot && { snapshot }) });
  if (snapshot === undefined) await writeSnapshot(path, await project.dump());
  return project;
}

/** A test at a time has the project: `useAgain` gives it a new address, `leave` takes that away. */
async function serve(options: ProjectOptions) {
  const project = await open(options);
  const bringBack = await rememberDatabase(project.sql);
  let listening = await project.listen(options);
  return {
    sql: project.sql,
    url: () => listening.url,
    leave: () => listening.stop(),
    async useAgain(): Promise<string | null> {
      if (!(await bringBack())) return null;
      listening = await project.listen(options);
      return listening.url;
    },
  };
}

let served: ReturnType<typeof serve> | undefined;

async function answer(request: DatabaseRequest): Promise<unknown> {
  if (request.start) {
    served = serve(request.start);
    return (await served).url();
  }
  if (!served) throw new Error('the first message starts the database');
  const project = await served;
  if (request.turn === 'leave') return project.leave();
  if (request.turn === 'use again') return project.useAgain();
  return project.sql(request.query ?? '', request.params);
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
