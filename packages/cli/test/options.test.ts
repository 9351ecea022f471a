import { expect, test } from 'vitest';
import { InvalidArgumentError } from 'commander';
import { parseCount, parseSeq, parseTime } from '@leadwire/cli/options';

const now = Date.parse('2026-11-20T12:00:00.000Z');

test.each([
  ['30s', '2026-11-20T11:59:30.000Z'],
  ['30m', '2026-11-20T11:30:00.000Z'],
  ['2h', '2026-11-20T10:00:00.000Z'],
  ['7d', '2026-11-13T12:00:00.000Z'],
  // Without a zone it is Almaty's, wherever this runs.
  ['2026-01-05', '2026-01-04T19:00:00.000Z'],
  ['2026-01-05T10:00', '2026-01-05T05:00:00.000Z'],
  ['2026-01-05T10:00:00Z', '2026-01-05T10:00:00.000Z'],
  ['2026-01-05T10:00:00+05:00', '2026-01-05T05:00:00.000Z'],
])('%s is %s', (text, time) => {
  expect(parseTime(text, now).toISOString()).toBe(time);
});

test.each(['yesterday', '2', 'h', '-2h', '2026-13-45', ''])('"%s" is no time', (text) => {
  expect(() => parseTime(text, now)).toThrow(InvalidArgumentError);
});

test('counts and numbers of letters are whole', () => {
  expect([parseCount('0'), parseSeq('12'), parseSeq('#12')]).toEqual([0, 12, 12]);
  for (const text of ['1.5', '-1', 'x']) expect(() => parseCount(text)).toThrow('whole number');
  for (const text of ['0', '1.5', 'x'])
    expect(() => parseSeq(text)).toThrow('number of a dead letter');
});
