/**
 * One call under way, and what comes meanwhile is the next one: rows travel together exactly when the other side is the
 * slower part. A first row waits until the process has read what has reached it already, and for nothing else.
 */
import { setImmediate as inputIsRead } from 'node:timers/promises';
import { toError } from '../errors.ts';

export interface NextBatchOptions<Row, Result> {
  /** One result for each row, in their order. */
  write: (rows: readonly Row[]) => Promise<readonly Result[]>;
  /** Rows in one call at most; the others are in the one after it. */
  maxRows: number;
}

interface Waiting<Row, Result> {
  row: Row;
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/** Returns a function that resolves with its row's result. What `write` throws is thrown to each row of that call. */
export function createNextBatch<Row, Result>({
  write,
  maxRows,
}: NextBatchOptions<Row, Result>): (row: Row) => Promise<Result> {
  const waiting: Waiting<Row, Result>[] = [];
  let isUnderWay = false;

  const writeBatch = async (batch: readonly Waiting<Row, Result>[]): Promise<void> => {
    try {
      const results = await write(batch.map(({ row }) => row));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (thrown) {
      for (const { reject } of batch) reject(toError(thrown));
    }
  };

  const run = async (): Promise<void> => {
    isUnderWay = true;
    while (waiting.length > 0) {
      await inputIsRead();
      await writeBatch(waiting.splice(0, maxRows));
    }
    isUnderWay = false;
  };

  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (!isUnderWay) void run();
    });
}
