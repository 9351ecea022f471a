import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Project, ProjectOptions } from '@leadwire/supabase-local/project';
import { processEnv } from './process-env.ts';

/** Texts in JSON, so that values are made by the realm of the test that looks at them. */
export interface DatabaseRequest {
  id: number;
  start?: ProjectOptions;
  turn?: 'leave' | 'use again';
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

interface RunOptions {
  /** Neither got from an earlier one nor handed on: a benchmark measures from a fresh start. */
  isFresh?: boolean;
}

const MAIN = fileURLToPath(new URL('./database-main.ts', import.meta.url));

/** Each is half a gigabyte; a file of tests needs two, seldom more, and not always the same two as the last one. */
const MOST_KEPT = 3;
/** Databases that no test has at the moment, the longest unused first. The files of a worker share them. */
let kept: { key: string; database: DatabaseProcess }[] = [];

/**
 * A project in a process of its own, with every migration applied and no rows. Not in the test's: a database in memory is
 * half a gigabyte that a process keeps until it ends, and then takes its time to give back. After its `close` nobody can
 * reach it any more; a later test file gets it again, emptied. V8 may optimise what of Postgres is used much: that costs
 * two seconds of a core, and a database that one file after the other uses saves more.
 * @throws what the start throws.
 */
export async function startDatabaseProcess(
  options: ProjectOptions,
  run: RunOptions = {},
): Promise<TestProject> {
  const key = JSON.stringify([options, run]);
  const database = await takeKept(key);
  if (database) return lend(key, run, database);
  const fresh = new DatabaseProcess();
  try {
    await fresh.start(options);
    return lend(key, run, fresh);
  } catch (thrown) {
    await fresh.end();
    throw thrown;
  }
}

/** A kept one with these options that is as after its migrations; what cannot be made so ends. */
async function takeKept(key: string): Promise<DatabaseProcess | undefined> {
  const found = kept.find((each) => each.key === key);
  if (!found) return undefined;
  kept = kept.filter((each) => each !== found);
  if (await found.database.useAgain().catch(() => false)) return found.database;
  await found.database.end();
  return takeKept(key);
}

function lend(key: string, run: RunOptions, database: DatabaseProcess): TestProject {
  let closing: Promise<void> | undefined;
  const giveBack = async (): Promise<void> => {
    if (run.isFresh) return database.end();
    await database.leave();
    kept.push({ key, database });
    const [oldest] = kept;
    if (kept.length <= MOST_KEPT || !oldest) return;
    kept = kept.slice(1);
    await oldest.database.end();
  };
  return {
    url: database.url,
    pid: database.pid,
    sql: (query, params) => database.sql(query, params),
    close: () => (closing ??= giveBack().catch(() => database.end())),
  };
}

/** The child, and what it is asked over its channel. */
class DatabaseProcess {
  url = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: DatabaseAnswer) => void>();
  #asked = 0;

  constructor() {
    this.#child = fork(MAIN, {
      env: processEnv,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.on('message', (text: string) => {
      const answer = JSON.parse(text) as DatabaseAnswer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.on('exit', () => {
      const error = { message: 'the database has ended' };
      for (const [id, settle] of this.#waiting) settle({ id, error });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async start(options: ProjectOptions): Promise<void> {
    this.url = (await this.#ask({ start: options })) as string;
  }

  async sql<Row extends object>(query: string, params: unknown[] = []): Promise<Row[]> {
    return (await this.#ask({ query, params })) as Row[];
  }

  /** Nothing listens afterwards, and it holds nobody up who wants to end. */
  async leave(): Promise<void> {
    await this.#ask({ turn: 'leave' });
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Answers false when a test has changed more than rows. */
  async useAgain(): Promise<boolean> {
    this.#child.ref();
    this.#child.channel?.ref();
    const url = (await this.#ask({ turn: 'use again' })) as string | null;
    this.url = url ?? '';
    return url !== null;
  }

  async end(): Promise<void> {
    this.#child.ref();
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #ask(request: Omit<DatabaseRequest, 'id'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#asked += 1;
      const id = this.#asked;
      this.#waiting.set(id, ({ value, error }) => {
        if (error) reject(Object.assign(new Error(error.message), { code: error.code }));
        else resolve(value);
      });
      this.#child.send(JSON.stringify({ id, ...request }), (thrown) => thrown && reject(thrown));
    });
  }
}
