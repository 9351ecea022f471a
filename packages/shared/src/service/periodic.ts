/** Work that a service does every so often beside its consumers. */
import { setTimeout as delay } from 'node:timers/promises';
import { toError } from '../errors.ts';
import type { BackgroundWork } from './service.ts';

export interface PeriodicOptions {
  /** Its name in the log. */
  name: string;
  /** `signal` tells it that the service stops: what takes long looks at it. */
  work: (signal: AbortSignal) => Promise<void>;
  /** Hears what `work` threw; the next time comes all the same. */
  onError: (error: Error) => void;
  /** Milliseconds before the first time. */
  firstAfterMs?: number;
  /** Milliseconds from the end of one time to the next. */
  everyMs: number;
}

/** Goes on until `stop`, which waits for what is under way. */
export function startPeriodic(options: PeriodicOptions): BackgroundWork {
  const { name, work, onError, firstAfterMs = 0, everyMs } = options;
  const over = new AbortController();
  const { signal } = over;
  const sleep = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  const run = async (): Promise<void> => {
    if (firstAfterMs > 0) await sleep(firstAfterMs);
    while (!signal.aborted) {
      await work(signal).catch((thrown: unknown) => onError(toError(thrown)));
      await sleep(everyMs);
    }
  };
  const finished = run();

  return {
    name,
    problem: () => undefined,
    async stop() {
      over.abort();
      await finished;
    },
  };
}
