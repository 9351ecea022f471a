import { expect, test } from 'vitest';
import { afterSecondRun, countLine } from '../machine/test-counts.ts';

const first = {
  passed: 100,
  failed: 3,
  skipped: 4,
  failedFiles: [
    { path: '/a.int.test.ts', passed: 5, skipped: 1 },
    { path: '/b.int.test.ts', passed: 2, skipped: 0 },
  ],
};

test('files that pass alone count as passed, those that fail again as failed', () => {
  const failedFiles = [{ path: '/b.int.test.ts', passed: 3, skipped: 0 }];
  const second = { passed: 10, failed: 1, skipped: 1, failedFiles };
  const counts = afterSecondRun(first, second);
  expect(countLine(counts)).toBe('103 passed, 1 failed, 4 skipped');
  expect(counts.failedFiles).toEqual(failedFiles);
});
