import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Project, ProjectOptions } from '@leadwire/supabase-local/project';
import { processEnv } from './process-env.ts';

/** Texts in JSON, so that values are made by the realm of the test that looks at them. */
export interface DatabaseRequest {
  id: number;
  start?: ProjectOptions;
  query?: string;
  params?: unknown[];
}

export interface DatabaseAnswer {
  id: number;
  value?: unknown;
  error?: { message: string; code?: string | undefined };
}

/** What tests ask of a project. */
export interface TestProject extends Pick<Project, 'url' | 'sql' | 'close'> {
  /** Of the process that it is; a benchmark reads its processor time. */
  pid?: number | undefined;
}

/**
 * Compiling Postgres once more, optimised, costs two seconds of a core; a test asks too little of it for that to pay.
 * A flag of V8.
 */
const BASELINE_ONLY = '--liftoff-only';
const MAIN = fileURLToPath(new URL('./database-main.ts', import.meta.url));

/**
 * A project in a process of its own, with every migration applied and no rows. Not in the test's: a database in memory is
 * half a gigabyte that a process keeps until it ends, and then takes its time to give back. A benchmark says
 * `isOptimised`: it asks much, as people do. @throws what the start throws.
 */
export async function startDatabaseProcess(
  options: ProjectOptions,
  { isOptimised = false }: { isOptimised?: boolean } = {},
): Promise<TestProject> {
  const child = fork(MAIN, {
    env: processEnv,
    execArgv: ['--disable-warning=ExperimentalWarning', ...(isOptimised ? [] : [BASELINE_ONLY])],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const waiting = new Map<number, (answer: DatabaseAnswer) => void>();
  let asked = 0;
  child.on('message', (text: string) => {
    const answer = JSON.parse(text) as DatabaseAnswer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.on('exit', () => {
    const error = { message: 'the database has ended' };
    for (const [id, settle] of waiting) settle({ id, error });
  });

  const ask = (request: Omit<DatabaseRequest, 'id'>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      asked += 1;
      const id = asked;
      waiting.set(id, ({ value, error }) => {
        if (error) reject(Object.assign(new Error(error.message), { code: error.code }));
        else resolve(value);
      });
      child.send(JSON.stringify({ id, ...request }), (thrown) => thrown && reject(thrown));
    });
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };

  try {
    const url = (await ask({ start: options })) as string;
    return {
      url,
      pid: child.pid,
      sql: async <Row extends object>(query: string, params: unknown[] = []) =>
        (await ask({ query, params })) as Row[],
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
