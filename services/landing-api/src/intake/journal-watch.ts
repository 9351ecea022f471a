/** Looks after the journal while nobody uses it, and tells when leads stay in it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Journal } from './journal.ts';

const CHECK_MS = 10_000;
/** A folder that cannot be used is tried at every look: until then leads may be turned away. */
const LOOK_MS = 1_000;
/** A broker that restarts is back long before; said again as often. */
export const STUCK_SECONDS = 5 * 60;

export interface JournalWatch {
  stop(): Promise<void>;
}

/** Checks the journal every ten seconds, every second while it cannot be used, until `stop`. */
export function watchJournal(journal: Journal, log: Log): JournalWatch {
  const over = new AbortController();
  let saidAt = -Infinity;

  const tellIfStuck = (): void => {
    const oldestSeconds = Math.round(oldestAge(journal));
    if (oldestSeconds < STUCK_SECONDS || Date.now() - saidAt < STUCK_SECONDS * 1_000) return;
    saidAt = Date.now();
    log.error({ depth: journal.depth(), oldestSeconds }, 'leads are stuck in the journal');
  };

  const run = async (): Promise<void> => {
    for (let nextAt = Date.now() + CHECK_MS; ;) {
      await delay(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      tellIfStuck();
      if (Date.now() < nextAt && journal.problem() === undefined) continue;
      nextAt = Date.now() + CHECK_MS;
      await journal.check();
    }
  };
  const finished = run();
  return {
    stop() {
      over.abort();
      return finished;
    },
  };
}

/** Seconds since the oldest waiting lead was received; 0 when none waits. */
export function oldestAge(journal: Pick<Journal, 'waiting'>): number {
  const received = journal.waiting().map(({ receivedAt }) => receivedAt);
  if (received.length === 0) return 0;
  return Math.max(0, Date.now() - received.reduce((a, b) => Math.min(a, b))) / 1_000;
}
