/**
 * Locks across processes: one key in the bucket `locks` each, changed by compare-and-set. A lease ends
 * by itself when its holder dies, so whoever holds one renews it right before an effect: a process
 * that was suspended finds out there that somebody else has taken over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isConflict, type Bus } from '../broker/bus.ts';
import { SnoozeError, orOutage } from '../errors.ts';

const POLL_MS = 40;
const UNREADABLE = 'the locks cannot be read';

const leaseSchema = z.object({ owner: z.string(), until: z.number() });

export interface Lease {
  /** Holds it for the full time again. @throws SnoozeError when somebody else has it by now. */
  renew(): Promise<void>;
  /** Gives it back, if it is still ours. Never throws: the lease ends by itself as well. */
  release(): Promise<void>;
}

export interface Leases {
  /**
   * Waits up to `patienceMs` for the key.
   * @throws SnoozeError when somebody else keeps it longer; TransientError when the broker fails.
   */
  acquire(key: string, patienceMs: number): Promise<Lease>;
}

export interface LeasesOptions {
  bus: Pick<Bus, 'bucket'>;
  /** Names this process. */
  owner: string;
  leaseMs: number;
  now?: () => number;
}

export function createLeases({ bus, owner, leaseMs, now = Date.now }: LeasesOptions): Leases {
  /** Writes the lease over `revision`; undefined when somebody was faster. */
  const write = async (key: string, until: number, revision: number) => {
    const bucket = await bus.bucket('locks');
    const value = JSON.stringify({ owner, until });
    try {
      return revision === 0
        ? await bucket.create(key, value)
        : await bucket.update(key, value, revision);
    } catch (thrown) {
      if (isConflict(thrown)) return undefined;
      throw thrown;
    }
  };

  /** Milliseconds that somebody else still has it, or the revision with which it is ours. */
  const tryTake = async (key: string): Promise<{ waitMs: number } | { revision: number }> => {
    const found = await (await bus.bucket('locks')).get(key);
    const isHeld = found?.operation === 'PUT';
    const waitMs = isHeld ? leaseSchema.parse(found.json()).until - now() : 0;
    if (waitMs > 0) return { waitMs };
    const revision = await write(key, now() + leaseMs, isHeld ? found.revision : 0);
    return revision === undefined ? { waitMs: POLL_MS } : { revision };
  };

  const hold = (key: string, first: number): Lease => {
    let revision = first;
    return {
      renew: () =>
        orOutage(UNREADABLE, async () => {
          const next = await write(key, now() + leaseMs, revision);
          if (next === undefined) throw new SnoozeError('somebody else has the lock by now', 1_000);
          revision = next;
        }),
      async release() {
        await write(key, 0, revision).catch(() => undefined);
      },
    };
  };

  return {
    acquire: (key, patienceMs) =>
      orOutage(UNREADABLE, async () => {
        const deadline = now() + patienceMs;
        for (;;) {
          const taken = await tryTake(key);
          if ('revision' in taken) return hold(key, taken.revision);
          if (now() >= deadline) {
            throw new SnoozeError('somebody else works on it', Math.min(taken.waitMs, 2_000));
          }
          await delay(Math.min(taken.waitMs, POLL_MS * (1 + Math.random())));
        }
      }),
  };
}
