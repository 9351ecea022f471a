/**
 * One rate limit for all processes that share a provider account: GCRA (the leaky bucket as a single
 * timestamp, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) in a KV key, changed by
 * compare-and-set. Requests are spaced evenly instead of let through in bursts, so the limit holds in
 * every sliding second and not only in the provider's own windows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isConflict, type Bus } from './bus.ts';
import { TransientError, toError } from './errors.ts';
import type { Metrics } from './metrics.ts';

/** Slots are this much further apart than the limit asks: the network does not keep our spacing exactly. */
const SPACING_MARGIN = 1.04;
const BULK_POLL_MS = 50;
const TRIES = 50;

const stateSchema = z.object({
  /** Unix milliseconds from which the next request may go out. */
  nextAt: z.number(),
});

export type Priority = 'transactional' | 'bulk';

export interface Limiter {
  /**
   * Waits until the account may be asked once more. Transactional requests book slots ahead; bulk
   * ones take only a slot that is free now, so they never stand in front of a transactional one.
   * @throws TransientError when the broker does not answer: without it nobody knows the others' pace.
   */
  acquire(priority?: Priority): Promise<void>;
  /** The provider said to wait: everybody who shares the account does. */
  pauseFor(ms: number): Promise<void>;
}

export interface LimiterOptions {
  bus: Bus;
  metrics: Metrics;
  /** The provider account that is shared, one token: `resend`, `mobizon`. */
  account: string;
  ratePerSecond: number;
}

export function createLimiter({ bus, metrics, account, ratePerSecond }: LimiterOptions): Limiter {
  const spacingMs = (1_000 / ratePerSecond) * SPACING_MARGIN;

  /** Moves the account's next slot by compare-and-set; `change` returns undefined to leave it. */
  const move = async (
    change: (nextAt: number) => number | undefined,
  ): Promise<number | undefined> => {
    const bucket = await bus.bucket('limits');
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const found = await bucket.get(account);
      const isThere = found?.operation === 'PUT';
      const before = isThere ? stateSchema.parse(found.json()).nextAt : 0;
      const nextAt = change(before);
      if (nextAt === undefined) return undefined;
      const value = JSON.stringify({ nextAt });
      try {
        if (isThere) await bucket.update(account, value, found.revision);
        else await bucket.create(account, value);
        return before;
      } catch (thrown) {
        if (!isConflict(thrown)) throw thrown;
        await delay(Math.random() * 5 * (attempt + 1));
      }
    }
    throw new TransientError(`too many are waiting for ${account}`);
  };

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof TransientError) throw thrown;
      throw new TransientError('the rate limit cannot be read', {
        cause: toError(thrown),
        outage: true,
      });
    }
  };

  const book = async (priority: Priority): Promise<number> => {
    for (;;) {
      let slot = 0;
      const booked = await move((nextAt) => {
        slot = Math.max(Date.now(), nextAt);
        if (priority === 'bulk' && nextAt > Date.now()) return undefined;
        return slot + spacingMs;
      });
      if (booked !== undefined) return slot;
      await delay(BULK_POLL_MS);
    }
  };

  return {
    acquire: (priority = 'transactional') =>
      guarded(async () => {
        const stop = metrics.limiterWaitSeconds.startTimer({ account });
        const slot = await book(priority);
        await delay(Math.max(0, slot - Date.now()));
        stop();
      }),
    pauseFor: (ms) =>
      guarded(async () => {
        const until = Date.now() + ms;
        await move((nextAt) => (nextAt < until ? until : undefined));
      }),
  };
}
