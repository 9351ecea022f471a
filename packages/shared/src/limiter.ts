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
 * A slot may be used this much after its time without the others noticing: less than the margin adds
 * up to in a second (40 ms), so that the limit holds although the slots behind it go out on time.
 */
const FREE_DELAY_MS = 20;
/** The longest delay that a process on a slow machine makes room for; later than this is a suspended one. */
const LONGEST_DELAY_MS = 1_000;
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
  /** Milliseconds until a request that is booked now may go out. @throws as `acquire`. */
  waitMs(): Promise<number>;
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

/** A booked request: not before `at`, and not later than `delayMs` after it. Unix milliseconds. */
interface Slot {
  at: number;
  delayMs: number;
}

export function createLimiter({ bus, metrics, account, ratePerSecond }: LimiterOptions): Limiter {
  const spacingFor = (rate: number) => (1_000 / rate) * SPACING_MARGIN;
  let spacingMs = spacingFor(ratePerSecond);
  /**
   * How late this process comes to its slots: a busy event loop, a broker with a slow disk. Its next
   * slots are booked that much wider, so that a slow machine gets less of the rate instead of none.
   */
  let usualDelayMs = FREE_DELAY_MS;

  const read = async (): Promise<State & { revision: number }> => {
    const found = await (await bus.bucket('limits')).get(account);
    if (found?.operation !== 'PUT') return { nextAt: 0, pausedUntil: 0, revision: 0 };
    return { ...stateSchema.parse(found.json()), revision: found.revision };
  };

  /** Changes the account's state by compare-and-set; `change` returns undefined to leave it. */
  const compareAndSet = async (change: (before: State) => State | undefined): Promise<State> => {
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

  // One at a time: those of one process would only stand in each other's way.
  let lastMove: Promise<unknown> = Promise.resolve();
  const move = (change: (before: State) => State | undefined): Promise<State> => {
    const moved = lastMove.then(() => compareAndSet(change));
    lastMove = moved.catch(() => undefined);
    return moved;
  };

  /** Books the next slot; bulk gets undefined while others stand in front of it. */
  const book = async (priority: Priority): Promise<Slot> => {
    for (;;) {
      let slot: Slot | undefined;
      const { nextAt } = await move((before) => {
        const soonest = Date.now() + BOOKING_MS;
        slot = undefined;
        if (priority === 'bulk' && before.nextAt > soonest) return undefined;
        slot = { at: Math.max(soonest, before.nextAt), delayMs: usualDelayMs };
        // The one behind it starts later by what this one may take more than the margin has room for.
        return { ...before, nextAt: slot.at + spacingMs + slot.delayMs - FREE_DELAY_MS };
      });
      if (slot !== undefined) return slot;
      const msToFree = nextAt - BOOKING_MS - Date.now();
      await delay(Math.min(Math.max(msToFree, 1), BULK_POLL_MS));
    }
  };

  /** Resolves at the slot's time; false when it must not be used after all. */
  const reach = async ({ at, delayMs }: Slot): Promise<boolean> => {
    await delay(Math.max(0, at - Date.now()));
    const { pausedUntil } = await read();
    const now = Date.now();
    if (pausedUntil > now) return false;
    const lateMs = now - at;
    // Widens at once, by half more than was missing; narrows as soon as it is no longer needed.
    const needed = Math.max(lateMs * 1.5, usualDelayMs / 2, FREE_DELAY_MS);
    usualDelayMs = Math.min(needed, LONGEST_DELAY_MS);
    return lateMs <= delayMs;
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
    waitMs: () =>
      orOutage(UNREADABLE, async () => {
        const { nextAt, pausedUntil } = await read();
        return Math.max(0, nextAt - Date.now(), pausedUntil - Date.now());
      }),
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
