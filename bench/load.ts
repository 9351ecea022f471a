/** Runs `load-thread.ts` once. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface LoadOptions {
  /** The service, without a trailing slash. */
  url: string;
  /** Each waits for its answer before it posts again. */
  connections: number;
  requests: number;
  /** In every person's address: no two runs post the same lead. */
  run: string;
  /** Reads these in turns, with a token, instead of posting leads. */
  read?: { paths: readonly string[]; token: string };
}

export interface LoadResult {
  /** Milliseconds from each request to its 201, or 200 of what is read. */
  times: number[];
  statuses: Record<number, number>;
  /** Requests without an answer. */
  failed: number;
  /** From the start to the last answer. */
  seconds: number;
}

/** Answers that are not what was asked for, and requests without an answer. */
export function errorsOf(results: readonly LoadResult[]): number {
  return results.reduce((sum, { statuses, failed, times }) => {
    const answers = Object.values(statuses).reduce((all, each) => all + each, 0);
    return sum + failed + answers - times.length;
  }, 0);
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const worker = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData: options });
  const [result] = (await once(worker, 'message')) as [LoadResult];
  await worker.terminate();
  return result;
}
