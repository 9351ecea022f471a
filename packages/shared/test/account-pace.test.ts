import { describe, expect, test } from 'vitest';
import {
  NEW_PACE,
  TRY_UP_AFTER_MS,
  bookSlot,
  hearLimit,
  makeUpFor,
  paceSchema,
  type Pace,
  type SlotRequest,
} from '@leadwire/shared/coordination/account-pace';

const NOW = Date.parse('2026-01-05T10:00:00Z');
const MAIL: SlotRequest = { isBulk: false, lane: undefined, leadMs: 15, aheadMs: 65, delayMs: 20 };

/** The slots of one request after the other, all at the same instant, and what the account's key holds then. */
function bookAll(before: Pace, requests: readonly SlotRequest[], rate: number, now = NOW) {
  let pace = before;
  const slots = requests.map((request) => {
    const booked = bookSlot(pace, request, rate, now);
    pace = booked.pace;
    return booked.slot!;
  });
  return { pace, slots };
}

/** Always the same numbers from 0 to 1 (mulberry32), so that a failure can be seen again. */
function* numbersFrom(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

describe('slots', () => {
  test.each([1, 2, 5, 7, 20, 50, 200])(
    'of %s a second hold in every second, however late each is used within its delay',
    (rate) => {
      const random = numbersFrom(rate);
      const requests = Array.from({ length: rate * 20 }, () => {
        // A fast machine, a slow one, and one that is slow at times.
        const delayMs = [20, 150, 20 + random.next().value * 900][
          Math.floor(random.next().value * 3)
        ]!;
        return { ...MAIL, delayMs };
      });
      const { slots } = bookAll(NEW_PACE, requests, rate);
      const times = slots
        .map(({ at, delayMs }) => at + delayMs * Math.round(random.next().value))
        .sort((a, b) => a - b);
      const most = times.map((from, n) => times.slice(n).findIndex((at) => at >= from + 1_000));
      expect(Math.max(...most)).toBeLessThanOrEqual(rate);
    },
  );

  test('of bulk are no further ahead than asked for: whoever has claimed already stands in front of who has not', () => {
    const before = { ...NEW_PACE, nextAt: NOW + 300 };
    const bulk = { ...MAIL, isBulk: true };
    expect(bookSlot(before, bulk, 5, NOW)).toMatchObject({ slot: undefined, freeAt: NOW + 300 });
    expect(bookSlot(before, { ...bulk, aheadMs: 385 }, 5, NOW).slot).toMatchObject({
      at: NOW + 300,
    });
  });

  test.each([2, 5, 10])(
    'of %s a second come at half the distance as long as the second allows it, and no more than that in 1,040 ms',
    (rate) => {
      const { slots } = bookAll(NEW_PACE, Array(rate * 3).fill(MAIL), rate);
      const times = slots.map(({ at }) => at - slots[0]!.at);
      const even = (1_000 / rate) * 1.04;
      expect(times[1]).toBeCloseTo(even / 2);
      for (const [n, at] of times.slice(rate).entries()) {
        expect(at - times[n]!).toBeGreaterThanOrEqual(1_040 - 1e-6);
      }
      // What was lost is caught up: the last second begins as early as with even distances, and ends earlier.
      expect(times[rate * 2]).toBeCloseTo(2_080);
      expect(times.at(-1)).toBeLessThan(even * (rate * 3 - 1));
    },
  );

  test('of a fast account, of a broken limit, and of one that was lowered keep the even distance', () => {
    const distance = (before: Pace, rate: number) => {
      const { slots } = bookAll(before, [MAIL, MAIL], rate);
      return slots[1]!.at - slots[0]!.at;
    };
    expect(distance(NEW_PACE, 50)).toBeCloseTo(20.8);
    expect(distance(NEW_PACE, 2.5)).toBeCloseTo(416);
    const heard = { ratePerSecond: 2, at: NOW, tryUpAt: NOW + TRY_UP_AFTER_MS };
    expect(distance({ ...NEW_PACE, heard }, 5)).toBeCloseTo(520);
  });

  test('that went by unused are given back, unless somebody has booked behind them', () => {
    const { pace, slots } = bookAll(NEW_PACE, [MAIL, MAIL], 5);
    const late = NOW + 200;
    const again = bookSlot(pace, { ...MAIL, missed: slots[1]! }, 5, late);
    expect(again.slot!.at).toBe(late + 15);
    expect(again.pace.recent).toEqual([slots[0]!.at, late + 15]);

    const behind = bookAll(pace, [MAIL], 5);
    const kept = bookSlot(behind.pace, { ...MAIL, missed: slots[1]! }, 5, late);
    expect(kept.pace.recent).toHaveLength(4);
  });

  test('of a machine that is always late cost a fast account little of its rate', () => {
    const requests = Array.from({ length: 101 }, () => ({ ...MAIL, delayMs: 120 }));
    const { slots } = bookAll(NEW_PACE, requests, 50);
    expect(slots[100]!.at - slots[0]!.at).toBeLessThan(2_000 * 1.04 * 1.1 + 1);
  });
});

describe('a request that left late', () => {
  test.each([1, 2, 5, 20, 50])(
    'of %s a second leaves the limit in every second behind it, and the provider 30 ms for the way',
    (rate) => {
      const random = numbersFrom(rate);
      let pace: Pace = NEW_PACE;
      const times: number[] = [];
      for (let n = 0; n < rate * 20; n += 1) {
        const { pace: booked, slot } = bookSlot(pace, MAIL, rate, times.at(-1) ?? NOW);
        // At times it is held up after its turn, for as long as nobody could have known.
        const lateMs = random.next().value < 0.2 ? random.next().value * 150 : 0;
        times.push(slot!.at + lateMs);
        pace = makeUpFor(booked, { slot: slot!, lateMs }) ?? booked;
      }
      const sorted = times.sort((a, b) => a - b);
      const windows = sorted.slice(rate).map((at, n) => at - sorted[n]!);
      expect(Math.min(...windows)).toBeGreaterThanOrEqual(1_030 - 1e-6);
    },
  );

  test('moves the others once, however many left late with it, and nobody when it was in time', () => {
    const { pace, slots } = bookAll(NEW_PACE, [MAIL, MAIL, MAIL], 5);
    const late = slots.map((slot, n) => ({ slot, lateMs: [60, 80, 70][n]! }));
    const after = late.reduce((each, one) => makeUpFor(each, one) ?? each, pace);
    expect(after.nextAt - pace.nextAt).toBe(70);
    expect(makeUpFor(pace, { slot: slots[0]!, lateMs: 10 })).toBeUndefined();
  });
});

describe('a limit that the provider told', () => {
  const lowered = () => hearLimit({ ...NEW_PACE, nextAt: NOW + 400 }, 2, 5, NOW)!;

  test('voids what was booked, begins when its window is empty, and is read back from the key', () => {
    const before = bookAll(NEW_PACE, [MAIL, MAIL], 5);
    const kept = paceSchema.parse(JSON.parse(JSON.stringify(hearLimit(before.pace, 2, 5, NOW))));
    const { slots } = bookAll(kept, [MAIL, MAIL], 5);
    expect(slots[0]!.at).toBe(NOW + 1_000);
    expect(slots[1]!.at).toBe(NOW + 1_520);
    expect(slots[0]!.lowered).not.toBe(before.slots[1]!.lowered);
    expect(kept.heard).toEqual({ ratePerSecond: 2, at: NOW, tryUpAt: NOW + TRY_UP_AFTER_MS });
  });

  test('as it is known is written down a little later only, and a higher one than configured never', () => {
    expect(hearLimit(NEW_PACE, 5, 5, NOW)).toBeUndefined();
    expect(hearLimit(NEW_PACE, 100, 5, NOW)).toBeUndefined();
    expect(hearLimit(lowered(), 2, 5, NOW + 1_000)).toBeUndefined();
    expect(hearLimit(lowered(), 2, 5, NOW + 61_000)?.heard?.at).toBe(NOW + 61_000);
  });

  test('that is higher again is used, but not by an answer to a request from before', () => {
    expect(hearLimit(lowered(), 5, 5, NOW + 500)).toBeUndefined();
    expect(hearLimit(lowered(), 3, 5, NOW + 3_000)?.heard?.ratePerSecond).toBe(3);
    expect(hearLimit(lowered(), 5, 5, NOW + 3_000)?.heard).toBeNull();
  });

  test('is tried upwards step by step when nothing more was heard of it', () => {
    const gap = (pace: Pace, now: number) => {
      const { slots } = bookAll(pace, [MAIL, MAIL], 5, now);
      return Math.round(slots[1]!.at - slots[0]!.at);
    };
    const soon = NOW + TRY_UP_AFTER_MS;
    expect(gap(lowered(), soon - 1)).toBe(520);
    expect(gap(lowered(), soon)).toBe(260);
    const once = bookAll(lowered(), [MAIL], 5, soon).pace;
    expect(gap(once, soon + TRY_UP_AFTER_MS - 1)).toBe(260);
    // All of what is configured: the second is kept, and not each distance.
    expect(gap(once, soon + TRY_UP_AFTER_MS)).toBe(104);
  });
});
