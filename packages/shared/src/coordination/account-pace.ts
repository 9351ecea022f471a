/**
 * The pace of a provider account as it stands in its key: from when on the next request may go out, and what the provider
 * itself has told of its limit. Pure: `rate-limiter.ts` reads and writes it, and waits.
 */
import { z } from 'zod';

/** Slots are this much further apart than the limit asks: the network does not keep our spacing exactly. */
const SPACING_MARGIN = 1.04;
/**
 * A slot may be used this much after its time without the others noticing. The margin adds up to 40 ms in a second;
 * the rest of it is for the request's way to the provider, so that the limit holds although the slots behind it go out
 * on time.
 */
export const FREE_DELAY_MS = 20;
/** So much of what a slot allows for is kept for the request's way, beside the rest of the margin. */
const KEPT_FOR_THE_WAY_MS = 10;
/** Bulk books its slot this much before it must, or the time of booking would be lost of every slot. */
export const BULK_AHEAD_MS = 50;
/**
 * A whole limit up to this many a second is kept as that many in any second, not as one distance: a slot may follow the
 * one before it sooner, as long as the second is kept. So what a process lost (it began, its claim was slow) is caught up
 * within the next second. More a second than that lose little, and would leave holes for those who come behind them.
 */
const MOST_KEPT_BY_THE_SECOND = 10;
/** The shortest way from one slot to the next then, as a share of the even distance. */
const CLOSEST = 0.5;
/** As many slots as a second has take this long, whatever the rate. */
const SECOND_OF_SLOTS_MS = 1_100;
/** The window in which the provider counts: what went out before it told its lower limit is in there. */
const WINDOW_MS = 1_000;
/** A lower limit of which nothing more was heard for so long may be tried upwards, to twice of it at most. */
export const TRY_UP_AFTER_MS = 10 * 60_000;
/** Hearing the same limit again is written down no more often than this. */
const HEARD_AGAIN_MS = 60_000;
/** Answers to requests from before a limit was lowered may still come with the higher one. */
const ANSWERS_CROSS_MS = 2_000;

export const paceSchema = z.object({
  /** Unix milliseconds from which the next request may go out. */
  nextAt: z.number(),
  /** The slots of the last second, oldest first: as many as it may have. */
  recent: z.array(z.number()).default([]),
  /** Unix milliseconds until which the provider wants no requests, booked ones included. */
  pausedUntil: z.number().default(0),
  /** The same as `nextAt` for shares that have a limit of their own; those gone by are left out. */
  lanes: z.record(z.string(), z.number()).default({}),
  /** Slots that may be used late, until when the gaps behind them make up for it; the longest delay first. */
  late: z.array(z.object({ delayMs: z.number(), until: z.number() })).default([]),
  /** What the provider told when it was less than configured; whoever starts anew finds it here. */
  heard: z
    .object({ ratePerSecond: z.number(), at: z.number(), tryUpAt: z.number() })
    .nullable()
    .default(null),
  /** How often the limit was lowered: a slot that was booked before that is void. */
  lowered: z.number().default(0),
  /** By how many milliseconds slots were moved because a request had left late, all together. */
  moved: z.number().default(0),
});
/** Times are Unix milliseconds, rates are requests per second. */
export type Pace = z.infer<typeof paceSchema>;
export const NEW_PACE: Pace = paceSchema.parse({ nextAt: 0 });

/** A share of the account with a lower limit of its own, such as a campaign: both limits hold. */
export interface Lane {
  id: string;
  ratePerSecond: number;
}

/** Who wants a slot. */
export interface SlotRequest {
  isBulk: boolean;
  lane: Lane | undefined;
  /** The slot is at least this much ahead, in milliseconds. */
  leadMs: number;
  /** Bulk takes no slot that is further ahead than this, in milliseconds. */
  aheadMs: number;
  /** How late its process may come to it. */
  delayMs: number;
  /** A slot that the same request has missed. */
  missed?: Slot | undefined;
}

/** A booked request: not before `at` (Unix milliseconds), not later than `delayMs` after it. */
export interface Slot {
  at: number;
  delayMs: number;
  /** Of the account when it was booked. */
  lowered: number;
  moved: number;
  /** From when on the account was free before it was booked, and after. */
  freeBefore: number;
  freeAfter: number;
}

/** When the next slot begins as far as others have booked. */
export function freeFrom({ nextAt, lanes }: Pace, lane: Lane | undefined): number {
  return Math.max(nextAt, (lane && lanes[lane.id]) ?? 0);
}

/** What may be used now, given what is configured. */
function rateOf({ heard }: Pace, ratePerSecond: number): number {
  return Math.min(heard?.ratePerSecond ?? ratePerSecond, ratePerSecond);
}

/**
 * Books the next slot; none for bulk while somebody stands in front of it.
 * @param ratePerSecond as configured
 */
export function bookSlot(
  given: Pace,
  { isBulk, lane, leadMs, aheadMs, delayMs, missed }: SlotRequest,
  ratePerSecond: number,
  now: number,
): { pace: Pace; slot: Slot | undefined; freeAt: number } {
  const before = missed ? giveBack(given, missed) : given;
  const soonest = now + leadMs;
  const freeAt = freeFrom(before, lane);
  if (isBulk && freeAt > now + aheadMs) return { pace: before, slot: undefined, freeAt };
  const at = Math.max(soonest, freeAt);
  const pace = triedUp(before, ratePerSecond, now);
  const late = [
    ...pace.late.filter((each) => each.until >= at && each.delayMs > delayMs),
    { delayMs, until: at + SECOND_OF_SLOTS_MS + delayMs },
  ];
  const longestMs = late[0]?.delayMs ?? delayMs;
  const rate = rateOf(pace, ratePerSecond);
  const most = mostInASecond(pace, rate);
  const gap = gapMs(rate, longestMs);
  const recent = [...pace.recent, at].slice(-most);
  const [first = at] = recent;
  const isFull = recent.length === most;
  const nextAt = Math.max(at + gap * CLOSEST, isFull ? first + gap * most : 0);
  const lanes = Object.entries(pace.lanes).filter(([, laneAt]) => laneAt > now);
  if (lane) lanes.push([lane.id, at + gapMs(lane.ratePerSecond, longestMs)]);
  return {
    pace: {
      ...pace,
      nextAt,
      recent,
      lanes: Object.fromEntries(lanes),
      late,
    },
    slot: {
      at,
      delayMs,
      lowered: pace.lowered,
      moved: pace.moved,
      freeBefore: before.nextAt,
      freeAfter: nextAt,
    },
    freeAt,
  };
}

/** A slot that went by unused is as if it had not been booked, unless something was booked or moved since. */
function giveBack(before: Pace, { freeBefore, freeAfter }: Slot): Pace {
  if (before.nextAt !== freeAfter) return before;
  return { ...before, nextAt: freeBefore, recent: before.recent.slice(0, -1) };
}

/** Slots that may be closer together than the even distance; 1 where each keeps it, as on an account that was lowered. */
function mostInASecond({ heard }: Pace, rate: number): number {
  const isWhole = Number.isInteger(rate) && rate <= MOST_KEPT_BY_THE_SECOND;
  return isWhole && heard === null ? rate : 1;
}

/**
 * From one slot to the next. A request that leaves late comes nearer to those behind it: as many gaps as a second has
 * make up for that together, so that the limit holds in every second from then on.
 */
function gapMs(ratePerSecond: number, longestDelayMs: number): number {
  const gaps = Math.max(1, Math.floor(ratePerSecond));
  return (1_000 / ratePerSecond) * SPACING_MARGIN + (longestDelayMs - FREE_DELAY_MS) / gaps;
}

/** One step up when it is time for it: the next answer tells whether that was right. */
function triedUp(before: Pace, configured: number, now: number): Pace {
  const { heard } = before;
  if (!heard || now < heard.tryUpAt) return before;
  const ratePerSecond = heard.ratePerSecond * 2;
  if (ratePerSecond >= configured) return { ...before, heard: null };
  return { ...before, heard: { ratePerSecond, at: heard.at, tryUpAt: now + TRY_UP_AFTER_MS } };
}

/**
 * The provider told its limit. A lower one than was known holds at once, also for what is booked: those slots are void,
 * and the next one comes when the provider has forgotten what went out before. A higher one is used up to what is
 * configured. Undefined when there is nothing to write down.
 * @param configured requests per second
 */
export function hearLimit(
  before: Pace,
  told: number,
  configured: number,
  now: number,
): Pace | undefined {
  const { heard } = before;
  const known = rateOf(before, configured);
  const news = { ratePerSecond: told, at: now, tryUpAt: now + TRY_UP_AFTER_MS };
  if (told < known) {
    const nextAt = Math.max(now + WINDOW_MS, before.pausedUntil);
    return { ...before, heard: news, nextAt, lowered: before.lowered + 1 };
  }
  if (!heard) return undefined;
  const isKnown = told === heard.ratePerSecond;
  if (now - heard.at < (isKnown ? HEARD_AGAIN_MS : ANSWERS_CROSS_MS)) return undefined;
  return { ...before, heard: told >= configured ? null : news };
}

/** A request that has left, so much after its slot's time. */
export interface Late {
  slot: Slot;
  lateMs: number;
}

/** Whether it was held up between its turn and its way out for longer than its slot allows for. */
export function isTooLate(late: Late): boolean {
  return beyondMs(late) > 0;
}

function beyondMs({ slot, lateMs }: Late): number {
  return lateMs - (slot.delayMs - KEPT_FOR_THE_WAY_MS);
}

/**
 * Moves what is booked from now on by as much as a request was too late, so that those behind it come to the provider no
 * sooner after it than they would have. Moves since it was booked count; undefined when they were enough.
 */
export function makeUpFor(before: Pace, late: Late): Pace | undefined {
  const byMs = beyondMs(late) - (before.moved - late.slot.moved);
  if (byMs <= 0) return undefined;
  return {
    ...before,
    nextAt: before.nextAt + byMs,
    recent: before.recent.map((at) => at + byMs),
    moved: before.moved + byMs,
  };
}

/** The provider wants no requests until then. */
export function pauseUntil(before: Pace, until: number): Pace {
  return {
    ...before,
    nextAt: Math.max(before.nextAt, until),
    pausedUntil: Math.max(before.pausedUntil, until),
  };
}
