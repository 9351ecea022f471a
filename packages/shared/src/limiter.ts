/**
 * One rate limit for all processes that share a provider account: GCRA (the leaky bucket as a single
 * timestamp, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) in a KV key, changed by
 * compare-and-set. Requests are spaced evenly instead of let through in bursts, so the limit holds in
 * every sliding second and not only in the provider's own windows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isConflict, type Bus } from './bus.ts';
import { TransientError, orOutage } from './errors.ts';
import type { Metrics } from './metrics.ts';

/** Slots are this much further apart than the limit asks: the network does not keep our spacing exactly. */
const SPACING_MARGIN = 1.04;
const BULK_POLL_MS = 50;
/**
 * A slot is used at its time or not at all: a process that wakes up later than this (a busy event
 * loop) books anew, because the slots behind it go out on time. Less than the margin adds up to in a
 * second (40 ms), so the limit holds for late ones too.
 */
const LATEST_START_MS = 20;
/** A slot that is free now starts this much later, so that booking it does not make it late. */
const BOOKING_MS = 15;
const TRIES = 50;
const UNREADABLE = 'the rate limit cannot be read';

const stateSchema = z.object({
  /** Unix milliseconds from which the next request may go out. */
  nextAt: z.number(),
  /** Unix milliseconds until which the provider wants no requests, booked ones included. */
  pausedUntil: z.number().default(0),
});
type State = z.infer<typeof stateSchema>;

export type Priority = 'transactional' | 'bulk';

export interface Limiter {
  /**
   * Waits until the account may be asked once more. Transactional requests book slots ahead; bulk
   * ones take only a slot that is free now, so they never stand in front of a transactional one.
   * @throws TransientError when the broker does not answer: without it nobody knows the others' pace.
   */
  acquire(priority?: Priority): Promise<void>;
  /**
   * The provider told its limit: a lower one than configured is obeyed from now on, a higher one is
   * not used. Each process hears it with its own answers.
   */
  adaptTo(limitPerSecond: number): void;
  /** The provider said to wait: everybody who shares the account does, also who has waited before. */
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
  const spacingFor = (rate: number) => (1_000 / rate) * SPACING_MARGIN;
  let spacingMs = spacingFor(ratePerSecond);

  const read = async (): Promise<State & { revision: number }> => {
    const found = await (await bus.bucket('limits')).get(account);
    if (found?.operation !== 'PUT') return { nextAt: 0, pausedUntil: 0, revision: 0 };
    return { ...stateSchema.parse(found.json()), revision: found.revision };
  };

  /** Changes the account's state by compare-and-set; `change` returns undefined to leave it. */
  const move = async (change: (before: State) => State | undefined): Promise<State> => {
    const bucket = await bus.bucket('limits');
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const { revision, ...before } = await read();
      const after = change(before);
      if (after === undefined) return before;
      const value = JSON.stringify(after);
      try {
        if (revision === 0) await bucket.create(account, value);
        else await bucket.update(account, value, revision);
        return before;
      } catch (thrown) {
        if (!isConflict(thrown)) throw thrown;
        await delay(Math.random() * 5 * (attempt + 1));
      }
    }
    throw new TransientError(`too many are waiting for ${account}`);
  };

  /** Books the next slot; bulk gets undefined while others stand in front of it. */
  const book = async (priority: Priority): Promise<number> => {
    for (;;) {
      let slot: number | undefined;
      const { nextAt } = await move((before) => {
        const soonest = Date.now() + BOOKING_MS;
        slot = priority === 'bulk' && before.nextAt > soonest ? undefined : soonest;
        if (slot === undefined) return undefined;
        slot = Math.max(slot, before.nextAt);
        return { ...before, nextAt: slot + spacingMs };
      });
      if (slot !== undefined) return slot;
      const msToFree = nextAt - BOOKING_MS - Date.now();
      await delay(Math.min(Math.max(msToFree, 1), BULK_POLL_MS));
    }
  };

  /** Resolves at the slot's time; false when it must not be used after all. */
  const reach = async (slot: number): Promise<boolean> => {
    await delay(Math.max(0, slot - Date.now()));
    const { pausedUntil } = await read();
    const now = Date.now();
    return pausedUntil <= now && now - slot <= LATEST_START_MS;
  };

  return {
    acquire: (priority = 'transactional') =>
      orOutage(UNREADABLE, async () => {
        const stop = metrics.limiterWaitSeconds.startTimer({ account });
        while (!(await reach(await book(priority))));
        stop();
      }),
    adaptTo(limitPerSecond) {
      if (limitPerSecond > 0) spacingMs = spacingFor(Math.min(limitPerSecond, ratePerSecond));
    },
    pauseFor: (ms) =>
      orOutage(UNREADABLE, async () => {
        const until = Date.now() + ms;
        await move(({ nextAt, pausedUntil }) => ({
          nextAt: Math.max(nextAt, until),
          pausedUntil: Math.max(pausedUntil, until),
        }));
      }),
  };
}
