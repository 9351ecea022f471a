import { expect, test } from 'vitest';
import { compare, fallOf } from '../../bench/recorded.ts';

const rate = { name: 'rate', value: 0.8, better: 'more' } as const;
const time = { name: 'time', value: 1.2, better: 'less' } as const;

test('a fall is a share of what was recorded, whichever way is better', () => {
  expect(fallOf(rate, 1)).toBeCloseTo(0.2);
  expect(fallOf(time, 1)).toBeCloseTo(0.2);
  expect(fallOf(rate, 0.5)).toBeCloseTo(-0.6);
});

test('a ratio that fell by more than 15 % is told with both values', () => {
  const { fallen } = compare([rate, time], { rate: 1, time: 1.15 });
  expect(fallen).toEqual(['rate: 0.80 instead of 1.00']);
});

test('a ratio that nobody recorded is shown as new and fails nothing', () => {
  const { shown, fallen } = compare([time], {});
  expect(fallen).toEqual([]);
  expect(shown).toContain('new');
});
