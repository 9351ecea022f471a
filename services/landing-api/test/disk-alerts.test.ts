import { expect, test } from 'vitest';
import { fullText, spaceOf } from '../src/disk-alerts.ts';

test.each([
  [69, []],
  [70, ['streams: занято 70 %']],
  [100, ['streams: занято 100 %']],
])('a store that is filled to %i percent says %j', (used, said) => {
  expect(fullText('streams', used, 100)).toEqual(said);
});

test('a disk is as full as df says: blocks that are free for somebody else do not count', () => {
  const { used, most } = spaceOf({ blocks: 1_000, bfree: 900, bavail: 300 });
  expect(used / most).toBe(0.25);
});
