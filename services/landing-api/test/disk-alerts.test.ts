import { expect, test } from '@jest/globals';
import { fullText } from '../src/disk-alerts.ts';

test.each([
  [69, []],
  [70, ['streams: занято 70 %']],
  [100, ['streams: занято 100 %']],
])('a store that is filled to %i percent says %j', (used, said) => {
  expect(fullText('streams', used, 100)).toEqual(said);
});
