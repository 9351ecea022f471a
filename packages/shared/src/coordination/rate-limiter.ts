/**
 * One rate limit for all processes that share a provider account: GCRA (the leaky bucket as a single
 * timestamp, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) in a KV key, changed by
 * compare-and-set. Requests are spaced evenly instead of let through in bursts, so the limit holds in
 * every sliding second and not only in the provider's own windows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { TransientError, orOutage } from '../errors.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { changeKey, readKey, type Key } from './kv.ts';

/** Slots are this much further apart than the limit asks: the network does not keep our spacing exactly. */
const SPACING_MARGIN = 1.04;
/** Bulk books its slot this much before it must, or the time of booking would be lost of every slot. */
const BULK_AHEAD_MS = 50;
/**
 * A slot may be used this much after its time without the others noticing. The margin adds up to 40 ms in a second;
 * the rest of it is for the request's way to the provider, so that the limit holds although the slots behind it go out
 * on time.
 */
const FREE_DELAY_MS = 20;
/** The longest delay that a process on a slow machine makes room for; later than this is a suspended one. */
const LONGEST_DELAY_MS = 1_000;
/** A slot that is free now starts this much later, so that booking it does not make it late. */
const BOOKING_MS = 15;
/**
 * With a claim the last look whether the provider wants a pause comes this much before the slot, so that it does not make
 * the request late. Without one it comes at the slot: how long it takes then tells how busy this machine is.
 */
const LAST_LOOK_MS = 20;
/** What a claim is expected to take at first; then what it took. */
const FIRST_CLAIM_MS = 100;
/**
 * One that takes longer misses its turn and gets another. Were it waited for, its process would book so far ahead of
 * the others that they had no turns, and nobody could stop what is claimed that early.
 */
const LONGEST_CLAIM_MS = 300;
/** How quickly a long claim is forgotten. */
const CLAIM_DECAY = 0.97;
/** A claim waits no longer than this for another turn when it has missed its own: claims must not age. */
const PATIENCE_MS = 2_000;
/**
 * A longer pause of the provider is not sat out: whoever waits holds a message, perhaps a person's lock, and a service
 * that is told to stop has 25 seconds.
 */
const LONGEST_PAUSE_MS = 15_000;
const TRIES = 50;
const UNREADABLE = 'the rate limit cannot be read';

const stateSchema = z.object({
  /** Unix milliseconds from which the next request may go out. */
  nextAt: z.number(),
  /** Unix milliseconds until which the provider wants no requests, booked ones included. */
  pausedUntil: z.number().default(0),
  /** The same as `nextAt` for shares that have a limit of their own; those gone by are left out. */
  lanes: z.record(z.string(), z.number()).default({}),
});
type State = z.infer<typeof stateSchema>;
const NEW_STATE: State = { nextAt: 0, pausedUntil: 0, lanes: {} };

export type Priority = 'transactional' | 'bulk';

/** A share of the account with a lower limit of its own, such as a campaign: both limits hold. */
export interface Lane {
  id: string;
  ratePerSecond: number;
}

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

/** For a single question that needs no pace, such as a person's look at the balance. */
export const noLimit: Limiter = {
  acquire: () => Promise.resolve(),
  acquireWith: async (claim, isOurs) => {
    const claimed = await claim();
    return { claimed, isTurn: isOurs(claimed) };
  },
  adaptTo: () => undefined,
  waitMs: () => Promise.resolve(0),
  pauseFor: () => Promise.resolve(),
};

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
  let usualClaimMs = FIRST_CLAIM_MS;

  const at: Key<State> = { bucket: 'limits', key: account, schema: stateSchema };
  const read = async (): Promise<State> => (await readKey(bus, at)) ?? NEW_STATE;

  /** Returns the account's state before; `change` returns undefined to leave it. */
  const compareAndSet = async (change: (before: State) => State | undefined): Promise<State> => {
    const contest = { tries: TRIES, busy: `too many are waiting for ${account}` };
    const { before } = await changeKey(bus, at, (state) => change(state ?? NEW_STATE), contest);
    return before ?? NEW_STATE;
  };

  // One at a time: those of one process would only stand in each other's way.
  let lastMove: Promise<unknown> = Promise.resolve();
  const move = (change: (before: State) => State | undefined): Promise<State> => {
    const moved = lastMove.then(() => compareAndSet(change));
    lastMove = moved.catch(() => undefined);
    return moved;
  };

  /** When the next slot begins as far as others have booked. */
  const freeFrom = ({ nextAt, lanes }: State, lane: Lane | undefined): number =>
    Math.max(nextAt, (lane && lanes[lane.id]) ?? 0);

  /** Books the next slot that is at least `leadMs` ahead; bulk once nobody stands in front of it. */
  const book = async (
    { priority = 'transactional', lane }: Turn,
    leadMs: number,
  ): Promise<Slot> => {
    for (;;) {
      let slot: Slot | undefined;
      let freeAt = 0;
      await move((before) => {
        const now = Date.now();
        const pauseMs = before.pausedUntil - now;
        if (pauseMs > LONGEST_PAUSE_MS) {
          const told = { retryAfterMs: pauseMs, outage: true };
          throw new TransientError(`${account} wants a pause`, told);
        }
        const soonest = now + leadMs;
        freeAt = freeFrom(before, lane);
        slot = undefined;
        if (priority === 'bulk' && freeAt > soonest + BULK_AHEAD_MS) return undefined;
        slot = { at: Math.max(soonest, freeAt), delayMs: usualDelayMs };
        // The one behind it starts later by what this one may take more than the margin has room for.
        const widthMs = slot.delayMs - FREE_DELAY_MS;
        const lanes = Object.entries(before.lanes).filter(([, at]) => at > now);
        if (lane) lanes.push([lane.id, slot.at + spacingFor(lane.ratePerSecond) + widthMs]);
        const nextAt = slot.at + spacingMs + widthMs;
        return { ...before, nextAt, lanes: Object.fromEntries(lanes) };
      });
      if (slot !== undefined) return slot;
      // Slots never move forward: looking earlier would be in vain.
      await delay(Math.max(freeAt - leadMs - BULK_AHEAD_MS / 2 - Date.now(), 1));
    }
  };

  /** Resolves at the slot's time; false when it must not be used after all. The last look is `lookMs` before it. */
  const reach = async ({ at, delayMs }: Slot, lookMs = 0): Promise<boolean> => {
    await delay(Math.max(0, at - lookMs - Date.now()));
    const { pausedUntil } = await read();
    await delay(Math.max(0, at - Date.now()));
    const now = Date.now();
    if (pausedUntil > now) return false;
    const lateMs = now - at;
    // Widens at once, by half more than was missing; narrows as soon as it is no longer needed.
    const needed = Math.max(lateMs * 1.5, usualDelayMs / 2, FREE_DELAY_MS);
    usualDelayMs = Math.min(needed, LONGEST_DELAY_MS);
    return lateMs <= delayMs;
  };

  /** Remembers how long claims take, the long ones longer. */
  const timed = async <Claimed>(claim: () => Promise<Claimed>): Promise<Claimed> => {
    const begunAt = Date.now();
    const claimed = await claim();
    const neededMs = Math.max((Date.now() - begunAt) * 1.5, usualClaimMs * CLAIM_DECAY);
    usualClaimMs = Math.min(neededMs, LONGEST_CLAIM_MS);
    return claimed;
  };

  /** Waits for the slot; when it is missed, for another one that comes as soon as a claim can wait. */
  const reachSoon = async (slot: Slot, turn: Turn): Promise<boolean> => {
    // A claim that took long makes nobody's slots wider: it is the next lead that grows.
    const isOver = Date.now() > slot.at + slot.delayMs;
    if (!isOver && (await reach(slot, LAST_LOOK_MS))) return true;
    if (freeFrom(await read(), turn.lane) > Date.now() + PATIENCE_MS) return false;
    return reachSoon(await book(turn, BOOKING_MS), turn);
  };

  return {
    acquire: (turn = {}) =>
      orOutage(UNREADABLE, async () => {
        const stop = metrics.limiterWaitSeconds.startTimer({ account });
        while (!(await reach(await book(turn, BOOKING_MS))));
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
        await move((before) => ({
          ...before,
          nextAt: Math.max(before.nextAt, until),
          pausedUntil: Math.max(before.pausedUntil, until),
        }));
      }),
  };
}
