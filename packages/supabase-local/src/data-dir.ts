/**
 * A project's folder on disk: `lock` (who has it open) and `pgdata` (Postgres). Two processes on one `pgdata`
 * would destroy it, and a process killed while Postgres is first set up would leave half of one.
 */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadLite } from './lite.ts';

/** How long a start waits for the process before it to let go; a clean stop takes well under this. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 100;

/** An opened folder: Postgres' own directory, and the way to let others have it. */
export interface DataDir {
  pgdata: string;
  release: () => void;
}

/**
 * Takes the lock of the operating system on `<dir>/lock`, by way of SQLite. A pid file would outlive a killed
 * process, and in a container the next process has the same pid; this lock dies with its holder.
 */
async function takeLock(dir: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(dir, 'lock'));
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      database.exec('begin exclusive');
      return () => {
        database.close();
      };
    } catch (cause) {
      if (Date.now() >= deadline) {
        database.close();
        throw new Error(`${dir}: another process has this database open`, { cause });
      }
      await wait(LOCK_POLL_MS);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** An empty database as this process first set it up: a second project starts from it in a fraction of the time. */
let emptyDatabase: Blob | undefined;

/** Sets Postgres up beside its place and moves it there whole: a kill in between costs a fresh set-up, no more. */
async function initialise(pgdata: string): Promise<void> {
  const fresh = `${pgdata}.new`;
  await rm(fresh, { recursive: true, force: true });
  const { openDatabase } = await loadLite();
  const connection = await openDatabase(fresh, emptyDatabase && { loadDataDir: emptyDatabase });
  emptyDatabase ??= await connection.driver.dumpDataDir('none');
  await connection.close();
  await rename(fresh, pgdata);
}

/**
 * Opens the folder `dir` (made when missing) for this process alone and makes sure that Postgres is set up in it.
 * Throws an Error naming the folder when another process still has it open after ten seconds.
 */
export async function openDataDir(dir: string): Promise<DataDir> {
  await mkdir(dir, { recursive: true });
  const release = await takeLock(dir);
  const pgdata = join(dir, 'pgdata');
  try {
    if (!(await exists(pgdata))) await initialise(pgdata);
    return { pgdata, release };
  } catch (error) {
    release();
    throw error;
  }
}
