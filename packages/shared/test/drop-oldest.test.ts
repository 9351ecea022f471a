import { expect, test } from 'vitest';
import { dropOldest } from '../src/runtime/drop-oldest.ts';

test('what came first goes, of a map and of a set, until so many are left', () => {
  const map = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  map.set('a', 4);
  dropOldest(map, 2);
  expect([...map.keys()]).toEqual(['b', 'c']);
  dropOldest(map, 2);
  expect(map.size).toBe(2);
  const set = new Set([1, 2, 3]);
  dropOldest(set, 0);
  expect(set.size).toBe(0);
});
