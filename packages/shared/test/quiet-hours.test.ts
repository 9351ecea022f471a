import { expect, test } from 'vitest';
import { quietHoursEnv, quietUntil } from '../src/runtime/quiet-hours.ts';

const until = (hours: string, at: string) =>
  quietUntil(quietHoursEnv.parse(hours), 'Asia/Almaty', new Date(at))?.toISOString();

test.each([
  ['21-9', '2026-03-01T15:59:59Z', undefined],
  ['21-9', '2026-03-01T16:00:00Z', '2026-03-02T04:00:00.000Z'],
  ['21:00-09:00', '2026-03-01T20:30:10Z', '2026-03-02T04:00:00.000Z'],
  ['21-9', '2026-03-02T03:59:59Z', '2026-03-02T04:00:00.000Z'],
  ['21-9', '2026-03-02T04:00:00Z', undefined],
  ['13:30-14', '2026-03-01T08:45:00Z', '2026-03-01T09:00:00.000Z'],
  ['22-24', '2026-03-01T18:00:00Z', '2026-03-01T19:00:00.000Z'],
  ['none', '2026-03-01T20:00:00Z', undefined],
])('%s at %s is quiet until %s', (hours, at, end) => {
  expect(until(hours, at)).toBe(end);
});

test.each(['9', '9-9', '25-3', '21:70-9', 'ночью'])('%s is refused in words', (text) => {
  expect(quietHoursEnv.safeParse(text).error?.issues[0]?.message).toContain('21-9');
});
