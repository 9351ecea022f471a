import { describe, expect, test } from '@jest/globals';
import { PermanentError, TransientError } from '@leadwire/shared/errors';
import { createBatch } from '../src/batch.ts';

const options = { maxRows: 3, maxWaitMs: 5 };

describe('a batch', () => {
  test('writes rows that arrive together in one call, and a full one at once', async () => {
    const writes: number[][] = [];
    const write = createBatch<number>({
      ...options,
      write: (rows) => Promise.resolve(void writes.push(rows)),
    });
    await Promise.all([1, 2, 3, 4].map(write));

    expect(writes).toEqual([[1, 2, 3], [4]]);
  });

  test('with a row that the database refuses fails for that row alone', async () => {
    const stored: number[] = [];
    const write = createBatch<number>({
      ...options,
      write: (rows) => {
        if (rows.includes(2)) return Promise.reject(new PermanentError('sql_22023', 'row 1: no'));
        stored.push(...rows);
        return Promise.resolve();
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map(write));

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(stored).toEqual([1, 3]);
  });

  test('is not taken apart when the database is away: nothing would come of it', async () => {
    let calls = 0;
    const write = createBatch<number>({
      ...options,
      write: () => {
        calls += 1;
        return Promise.reject(new TransientError('away'));
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map(write));

    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(calls).toBe(1);
  });
});
