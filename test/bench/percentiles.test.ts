import { expect, test } from 'vitest';
import { spreadOf } from '../../bench/percentiles.ts';

test('percentiles are values that were measured, whatever their order', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect(spreadOf(hundred)).toEqual({ p50: 50, p99: 99, max: 100 });
  expect(spreadOf([7])).toEqual({ p50: 7, p99: 7, max: 7 });
});
