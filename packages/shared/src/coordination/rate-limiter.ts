/**
 * One rate limit for all processes that share a provider account: GCRA (the leaky bucket as a single
 * timestamp, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) in a KV key, changed by
 * compare-and-set. It holds in every sliding second and not only in the provider's own windows: requests are spaced
 * instead of let through in bursts, evenly, or at half the distance as long as the second allows it (`account-pace.ts`).
 */
import { setImmediate as everythingHasRun, setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '../broker/bus.ts';
import { TransientError, orOutage } from '../errors.ts';
import type { Metrics } from '../runtime/metrics.ts';
import {
  BULK_AHEAD_MS,
  FREE_DELAY_MS,
  NEW_PACE,
  bookSlot,
  freeFrom,
  hearLimit,
  isTooLate,
  makeUpFor,
  paceSchema,
  pauseUntil,
  type Lane,
  type Late,
  type Pace,
  type Slot,
  type SlotRequest,
} from './account-pace.ts';
import { changeKey, readKey, type Key } from './kv.ts';
import { createNextBatch } from '../runtime/next-batch.ts';

/** The longest delay that a process on a slow machine makes room for; later than this is a suspended one. */
const LONGEST_DELAY_MS = 1_000;
/** A slot that is free now starts this much later, so that booking it does not make it late. */
const BOOKING_MS = 15;
/**
 * With a claim the last look whether the provider wants a pause comes this much before the slot, so that it does not make
 * the request late. Without one it comes at the slot: how long it takes then tells how busy this machine is.
 */
const LAST_LOOK_MS = 20;
// What a claim is expected to take at first (60 to 100 ms are usual); then what it took. One that misses its turn costs a
// whole call, where beginning later costs nothing that is not caught up.
const FIRST_CLAIM_MS = 120;
/**
 * One that takes longer misses its turn and gets another. Were it waited for, its process would book so far ahead of
 * the others that they had no turns, and nobody could stop what is claimed that early.
 */
const LONGEST_CLAIM_MS = 300;
/** No bulk request books a slot further ahead than this. */
const FURTHEST_AHEAD_MS = BOOKING_MS + LONGEST_CLAIM_MS + LAST_LOOK_MS + BULK_AHEAD_MS;
/** How quickly a long claim is forgotten. */
const CLAIM_DECAY = 0.97;
/** A claim waits no longer than this for another turn when it has missed its own: claims must not age. */
const PATIENCE_MS = 2_000;
/**
 * A longer pause of the provider is not sat out: whoever waits holds a message, perhaps a person's lock, and a service
 * that is told to stop has 25 seconds.
 */
const LONGEST_PAUSE_MS = 15_000;
/** Looks for a pause that are this close together are one. */
const SHARED_LOOK_MS = 5;
/** Slots that are booked in one change of the key. */
const BOOKED_TOGETHER = 200;
/** The same limit is looked up again no more often than this. */
const TOLD_AGAIN_MS = 1_000;
const TRIES = 50;
const UNREADABLE = 'the rate limit cannot be read';

export type Priority = 'transactional' | 'bulk';

export interface Turn {
  /**
   * Transactional requests book slots ahead; bulk ones take only a slot that is free now, so they never
   * stand in front of a transactional one.
   */
  priority?: Priority | undefined;
  lane?: Lane | undefined;
}

export interface Limiter {
  /**
   * Waits until the account may be asked once more.
   * @throws TransientError when the broker does not answer: without it nobody knows the others' pace; when the provider
   * wants a long pause, with its time.
   */
  acquire(turn?: Turn): Promise<void>;
  /**
   * As `acquire`, for a request that needs a claim. `claim` runs right before the turn: so neither of them ages, and
   * how long it takes does not shift the request. Resolves at the turn; without one when the claim is not `isOurs`,
   * or when the turn went by and the next one is too far for a claim that is held.
   * @throws as `acquire`, and what `claim` throws.
   */
  acquireWith<Claimed>(
    claim: () => Promise<Claimed>,
    isOurs: (claimed: Claimed) => boolean,
    turn?: Turn,
  ): Promise<{ claimed: Claimed; isTurn: boolean }>;
  /**
   * The provider told its limit. A lower one than configured holds from now on for everybody who shares the account, for
   * what is booked already and after any restart; a higher one is not used. Never throws: what could not be written
   * down comes with the next answer again.
   */
  adaptTo(limitPerSecond: number): Promise<void>;
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

/** For a single question that needs no pace, such as a person's look at the balance. */
export const noLimit: Limiter = {
  acquire: () => Promise.resolve(),
  acquireWith: async (claim, isOurs) => {
    const claimed = await claim();
    return { claimed, isTurn: isOurs(claimed) };
  },
  adaptTo: () => Promise.resolve(),
  waitMs: () => Promise.resolve(0),
  pauseFor: () => Promise.resolve(),
};

/** A slot, or from when on it is worth looking again. */
type Booking = { slot: Slot } | { slot: undefined; freeAt: number };

export function createLimiter({ bus, metrics, account, ratePerSecond }: LimiterOptions): Limiter {
  /**
   * How late this process comes to its slots: a busy event loop, a broker with a slow disk. The gaps behind its next
   * slots make up for that, so that a slow machine gets less of the rate instead of none.
   */
  let usualDelayMs = FREE_DELAY_MS;
  let usualClaimMs = FIRST_CLAIM_MS;
  /** The limit that the account is known to have, by what was last told here. */
  let lastTold = ratePerSecond;
  let lastToldAt = 0;

  const at: Key<Pace> = { bucket: 'limits', key: account, schema: paceSchema };
  const read = async (): Promise<Pace> => (await readKey(bus, at)) ?? NEW_PACE;
  const contest = { tries: TRIES, busy: `too many are waiting for ${account}` };
  const change = (next: (before: Pace) => Pace | undefined) =>
    changeKey(bus, at, (before) => next(before ?? NEW_PACE), contest);

  let lastLook = { at: 0, pace: Promise.resolve(NEW_PACE) };
  /** As `read`; those who look at the same moment look together. */
  const look = (): Promise<Pace> => {
    const now = Date.now();
    if (now - lastLook.at > SHARED_LOOK_MS) lastLook = { at: now, pace: read() };
    return lastLook.pace;
  };

  /** All who wait in this process book in one change, those of transactional messages first. */
  const bookTogether = createNextBatch<SlotRequest, Booking>({
    maxRows: BOOKED_TOGETHER,
    write: async (requests) => {
      const order = [...requests].sort((a, b) => Number(a.isBulk) - Number(b.isBulk));
      const bookings = new Map<SlotRequest, Booking>();
      await change((before) => {
        const now = Date.now();
        const pauseMs = before.pausedUntil - now;
        if (pauseMs > LONGEST_PAUSE_MS) {
          const told = { retryAfterMs: pauseMs, outage: true };
          throw new TransientError(`${account} wants a pause`, told);
        }
        let after = before;
        for (const request of order) {
          const { pace, slot, freeAt } = bookSlot(after, request, ratePerSecond, now);
          bookings.set(request, slot ? { slot } : { slot, freeAt });
          after = pace;
        }
        return after === before ? undefined : after;
      });
      return requests.map((request) => bookings.get(request) ?? { slot: undefined, freeAt: 0 });
    },
  });

  /** Books the next slot that is at least `leadMs` ahead; bulk once nobody stands in front of it. */
  const book = async (
    { priority = 'transactional', lane }: Turn,
    leadMs: number,
    { aheadMs = leadMs + BULK_AHEAD_MS, missed }: { aheadMs?: number; missed?: Slot } = {},
  ): Promise<Slot> => {
    const request = { isBulk: priority === 'bulk', lane, leadMs, aheadMs };
    // Given back once: by the time of the next look another one may stand there.
    for (let givenBack = missed; ; givenBack = undefined) {
      const own = { delayMs: usualDelayMs, missed: givenBack };
      const booking = await bookTogether({ ...request, ...own });
      if (booking.slot) return booking.slot;
      // Slots rarely move forward: looking earlier would be in vain.
      const waitMs = booking.freeAt - aheadMs + BULK_AHEAD_MS / 2 - Date.now();
      await delay(Math.max(waitMs, 1));
    }
  };

  /** All that were late in this process are made up for in one change. Without the broker there are no more turns either. */
  const makeUpTogether = createNextBatch<Late, undefined>({
    maxRows: BOOKED_TOGETHER,
    write: async (left) => {
      await change((before) => {
        const after = left.reduce((pace, late) => makeUpFor(pace, late) ?? pace, before);
        return after === before ? undefined : after;
      }).catch(() => undefined);
      return left.map(() => undefined);
    },
  });

  /** Whoever has the turn sends at once: when everything that follows at once has run, the request has left. */
  const noteLeft = async (slot: Slot): Promise<void> => {
    await everythingHasRun();
    const lateMs = Math.min(Date.now() - slot.at, LONGEST_DELAY_MS);
    if (isTooLate({ slot, lateMs })) await makeUpTogether({ slot, lateMs });
  };

  /** Resolves at the slot's time; false when it must not be used after all. The last look is `lookMs` before it. */
  const reach = async (slot: Slot, lookMs = 0): Promise<boolean> => {
    const { at, delayMs, lowered } = slot;
    await delay(Math.max(0, at - lookMs - Date.now()));
    const pace = await look();
    await delay(Math.max(0, at - Date.now()));
    const now = Date.now();
    if (pace.pausedUntil > now || pace.lowered !== lowered) return false;
    const lateMs = now - at;
    // Widens at once, by half more than was missing; narrows as soon as it is no longer needed.
    const needed = Math.max(lateMs * 1.5, usualDelayMs / 2, FREE_DELAY_MS);
    usualDelayMs = Math.min(needed, LONGEST_DELAY_MS);
    if (lateMs > delayMs) return false;
    void noteLeft(slot);
    return true;
  };

  /** Remembers how long claims take, the long ones longer. */
  const timed = async <Claimed>(claim: () => Promise<Claimed>): Promise<Claimed> => {
    const begunAt = Date.now();
    const claimed = await claim();
    const neededMs = Math.max((Date.now() - begunAt) * 1.5, usualClaimMs * CLAIM_DECAY);
    usualClaimMs = Math.min(neededMs, LONGEST_CLAIM_MS);
    return claimed;
  };

  /**
   * Waits for the slot; when it is missed, for another one that comes as soon as a claim can wait. Claims wait in front of
   * those who have none yet: they book as far ahead as anybody may, or the others would take every slot before them.
   */
  const reachSoon = async (slot: Slot, turn: Turn, until?: number): Promise<boolean> => {
    // A claim that took long makes nobody's slots wider: it is the next lead that grows.
    const isOver = Date.now() > slot.at + slot.delayMs;
    if (!isOver && (await reach(slot, LAST_LOOK_MS))) return true;
    const waitsUntil = until ?? Date.now() + PATIENCE_MS;
    if (freeFrom(await read(), turn.lane) > waitsUntil) return false;
    const ahead = { aheadMs: FURTHEST_AHEAD_MS, missed: slot };
    return reachSoon(await book(turn, BOOKING_MS, ahead), turn, waitsUntil);
  };

  return {
    acquire: (turn = {}) =>
      orOutage(UNREADABLE, async () => {
        const stop = metrics.limiterWaitSeconds.startTimer({ account });
        let slot = await book(turn, BOOKING_MS);
        while (!(await reach(slot))) slot = await book(turn, BOOKING_MS, { missed: slot });
        stop();
      }),
    async acquireWith(claim, isOurs, turn = {}) {
      const stop = metrics.limiterWaitSeconds.startTimer({ account });
      const leadMs = BOOKING_MS + usualClaimMs + LAST_LOOK_MS;
      const slot = await orOutage(UNREADABLE, () => book(turn, leadMs));
      await delay(Math.max(0, slot.at - leadMs - Date.now()));
      const claimed = await timed(claim);
      if (!isOurs(claimed)) return { claimed, isTurn: false };
      const isTurn = await orOutage(UNREADABLE, () => reachSoon(slot, turn));
      stop();
      return { claimed, isTurn };
    },
    async adaptTo(told) {
      const isNews = told !== lastTold || Date.now() - lastToldAt > TOLD_AGAIN_MS;
      if (!(told > 0) || !isNews) return;
      try {
        await change((before) => hearLimit(before, told, ratePerSecond, Date.now()));
        [lastTold, lastToldAt] = [told, Date.now()];
      } catch {
        // The request went well: that its answer could not be written down here is no reason to repeat it.
      }
    },
    waitMs: () =>
      orOutage(UNREADABLE, async () => {
        const { nextAt, pausedUntil } = await read();
        return Math.max(0, nextAt - Date.now(), pausedUntil - Date.now());
      }),
    pauseFor: (ms) =>
      orOutage(UNREADABLE, async () => {
        const until = Date.now() + ms;
        await change((before) => pauseUntil(before, until));
      }),
  };
}
