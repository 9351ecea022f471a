/**
 * One Supabase project as a process of a test: what `startProject` is given comes as its first message, statements as
 * the later ones. It ends with whoever started it. A database that a test file has left is brought back to what its
 * migrations made, for the next one.
 */
import type { ProjectOptions } from '@leadwire/supabase-local/project';
import type { DatabaseAnswer, DatabaseRequest } from './database-process.ts';
import { rememberDatabase } from './database-reset.ts';
import { openMigrated } from './database-snapshot.ts';

/** A test at a time has the project: `useAgain` gives it a new address, `leave` takes that away. */
async function serve(options: ProjectOptions) {
  const { project } = await openMigrated(options);
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
