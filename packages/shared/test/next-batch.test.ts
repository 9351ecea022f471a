import { expect, test } from 'vitest';
import { setImmediate as turn } from 'node:timers/promises';
import { createNextBatch } from '@leadwire/shared/runtime/next-batch';

/** What was written is answered, and the next rows are under way. */
async function nextTurn(): Promise<void> {
  await turn();
  await turn();
}

function stage(maxRows: number) {
  const calls: (readonly number[])[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const add = createNextBatch<number, string>({
    maxRows,
    async write(rows) {
      calls.push(rows);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise;
      return rows.map((row) => `row ${row}`);
    },
  });
  return { add, calls, ends };
}

test('rows of one turn go together, and what comes meanwhile is the next call', async () => {
  const { add, calls, ends } = stage(3);
  const rows = [add(1)];
  await nextTurn();
  expect(calls).toEqual([[1]]);
  rows.push(...[2, 3, 4, 5].map(add));
  ends[0]?.resolve();
  expect(await rows[0]).toBe('row 1');
  await nextTurn();
  expect(calls).toEqual([[1], [2, 3, 4]]);
  ends[1]?.resolve();
  expect(await rows[3]).toBe('row 4');
  await nextTurn();
  expect(calls.at(-1)).toEqual([5]);
});

test('a call that fails fails for its rows alone', async () => {
  const { add, ends } = stage(3);
  const first = add(1);
  await nextTurn();
  const second = add(2);
  ends[0]?.reject(new RangeError('of the first'));
  await expect(first).rejects.toThrow(RangeError);
  await nextTurn();
  ends[1]?.resolve();
  expect(await second).toBe('row 2');
});
