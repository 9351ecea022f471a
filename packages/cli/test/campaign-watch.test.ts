import { describe, expect, test } from 'vitest';
import { duration, grouped } from '../src/campaigns/campaign-screen.ts';
import { isQuiet, waitLines } from '../src/campaigns/campaign-times.ts';

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

describe('what a campaign waits for', () => {
  const now = new Date('2026-11-20T10:00:00Z');
  const almaty = { quietHours: '21:00-09:00', timeZone: 'Asia/Almaty' };

  test('is told by its own clock', () => {
    const scheduled = { ...almaty, status: 'scheduled', scheduledFor: '2026-11-24T05:00:00+00:00' };
    expect(waitLines(scheduled, now)).toEqual([
      'begins 2026-11-24 10:00 Asia/Almaty (in 4 days)',
      'quiet hours 21:00-09:00 Asia/Almaty',
    ]);
    const late = { ...scheduled, scheduledFor: '2026-11-24T20:00:00Z' };
    expect(waitLines(late, now)[1]).toContain('then, so nothing goes out before 09:00');
  });

  test('is what holds a running one just now', () => {
    const running = { ...almaty, status: 'running', scheduledFor: null };
    expect(waitLines(running, now)).toEqual(['quiet hours 21:00-09:00 Asia/Almaty']);
    expect(waitLines(running, new Date('2026-11-20T18:00:00Z'))).toEqual([
      'quiet hours 21:00-09:00 Asia/Almaty: now, so nothing goes out before 09:00',
    ]);
    expect(waitLines({ ...running, quietHours: null }, now)).toEqual([]);
    expect(waitLines({ ...running, status: 'finished' }, now)).toEqual([]);
  });
});

test('times and numbers are written for people', () => {
  expect([0.2, 45, 125, 7_500].map(duration)).toEqual(['1 s', '45 s', '2 min 5 s', '2 h 5 min']);
  expect(grouped(100_000)).toBe('100,000');
});
