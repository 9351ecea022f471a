import { describe, expect, test } from 'vitest';
import { createBatch } from '@leadwire/shared/consumer/micro-batch';
import { PermanentError, TransientError } from '@leadwire/shared/errors';

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

  test('gives each row its own result', async () => {
    const ask = createBatch<number, string>({
      ...options,
      write: (rows) => Promise.resolve(rows.map((row) => `answer ${row}`)),
    });
    expect(await Promise.all([2, 1].map(ask))).toEqual(['answer 2', 'answer 1']);
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
