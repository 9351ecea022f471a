/** Gathers rows that arrive at the same time into one write. */
import { PermanentError, toError } from './errors.ts';

export interface BatchOptions<Row> {
  write: (rows: Row[]) => Promise<void>;
  /** Rows in one write at most. */
  maxRows: number;
  /** Milliseconds that the first row waits for company. */
  maxWaitMs: number;
}

interface Waiting<Row> {
  row: Row;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Returns a function that resolves when its row is written. When the database refuses a batch for its
 * data, each row is written alone, so that a bad one fails by itself and takes no other with it.
 */
export function createBatch<Row>(options: BatchOptions<Row>): (row: Row) => Promise<void> {
  const { write, maxRows, maxWaitMs } = options;
  let waiting: Waiting<Row>[] = [];
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    void writeBatch(batch);
  };

  const writeBatch = async (batch: Waiting<Row>[]): Promise<void> => {
    try {
      await write(batch.map(({ row }) => row));
      for (const { resolve } of batch) resolve();
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
