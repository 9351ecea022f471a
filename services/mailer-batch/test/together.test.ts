import { describe, expect, test } from 'vitest';
import { together } from '@leadwire/mailer-batch/campaigns/together';
import { PermanentError, TransientError } from '@leadwire/shared/errors';

describe('calls about batches of a campaign', () => {
  test('that come at once are one call, no more than eight each; those of another campaign are theirs', async () => {
    const calls: [string, readonly number[]][] = [];
    const ask = together((id, rows: readonly number[]) => {
      calls.push([id, rows]);
      return Promise.resolve(rows.map((row) => `${id}${row}`));
    });
    const asked = Array.from({ length: 10 }, (_, n) => ask('a', n));
    expect(await Promise.all([...asked, ask('b', 1)])).toEqual([
      ...Array.from({ length: 10 }, (_, n) => `a${n}`),
      'b1',
    ]);
    expect(calls.toSorted().map(([id, rows]) => [id, rows.length])).toEqual([
      ['a', 8],
      ['a', 2],
      ['b', 1],
    ]);
  });

  test('of which one is refused: the others are written', async () => {
    const written: number[] = [];
    const ask = together((_id, rows: readonly number[]) => {
      if (rows.includes(2)) return Promise.reject(new PermanentError('sql_22P05', 'refused'));
      written.push(...rows);
      return Promise.resolve(rows);
    });
    const ended = await Promise.allSettled([1, 2, 3].map((row) => ask('a', row)));
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written).toEqual([1, 3]);
  });

  test('that nobody answers are asked about once: what became of them is not known', async () => {
    let calls = 0;
    const ask = together((_id, _rows: readonly number[]) => {
      calls += 1;
      return Promise.reject(new TransientError('no answer'));
    });
    const ended = await Promise.allSettled([1, 2].map((row) => ask('a', row)));
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toBe(1);
  });
});
