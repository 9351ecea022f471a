/** Gathers rows that arrive at the same time into one call. */
import { PermanentError, toError } from '../errors.ts';

export interface BatchOptions<Row, Result> {
  /** One result for each row, in their order; none at all where there is nothing to tell. */
  write: (rows: Row[]) => Promise<readonly Result[] | void>;
  /** Rows in one write at most. */
  maxRows: number;
  /** Milliseconds that the first row waits for company. */
  maxWaitMs: number;
}

interface Waiting<Row, Result> {
  row: Row;
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/**
 * Returns a function that resolves when its row is written. When the other side refuses a batch for its
 * data, each row is written alone, so that a bad one fails by itself and takes no other with it.
 */
export function createBatch<Row, Result = void>(
  options: BatchOptions<Row, Result>,
): (row: Row) => Promise<Result> {
  const { write, maxRows, maxWaitMs } = options;
  let waiting: Waiting<Row, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    void writeBatch(batch);
  };

  const writeBatch = async (batch: Waiting<Row, Result>[]): Promise<void> => {
    try {
      const results = (await write(batch.map(({ row }) => row))) ?? [];
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (thrown) {
      const error = toError(thrown);
      if (error instanceof PermanentError && batch.length > 1) {
        for (const one of batch) await writeBatch([one]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  };

  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (waiting.length >= maxRows) flush();
      else timer ??= setTimeout(flush, maxWaitMs);
    });
}
