import { describe, expect, test } from '@jest/globals';
import { duration, grouped } from '../src/campaign-screen.ts';
import { isQuiet } from '../src/campaign-watch.ts';

describe('quiet hours', () => {
  const at = (time: string) => new Date(`2026-11-20T${time}:00+05:00`);
  const almaty = (quietHours: string | null) => ({ quietHours, timeZone: 'Asia/Almaty' });

  test.each([
    ['21:00-09:00', '20:59', false],
    ['21:00-09:00', '21:00', true],
    ['21:00-09:00', '08:59', true],
    ['21:00-09:00', '09:00', false],
    ['12:00-14:00', '13:00', true],
    ['12:00-14:00', '14:00', false],
    [null, '03:00', false],
  ])('%s at %s: %s', (hours, time, isNow) => {
    expect(isQuiet(almaty(hours), at(time))).toBe(isNow);
  });
});

test('times and numbers are written for people', () => {
  expect([0.2, 45, 125, 7_500].map(duration)).toEqual(['1 s', '45 s', '2 min 5 s', '2 h 5 min']);
  expect(grouped(100_000)).toBe('100,000');
});
