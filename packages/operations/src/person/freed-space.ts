/**
 * What the broker drops by itself (a message that was sent, the state of a delivery before this one) is not written
 * over: its bytes stay in their file until the broker writes that file anew, which it does once less than half of it is
 * in use and it is no longer the newest of its stream. In a quiet house that takes months. So after an erasure the newest
 * file is filled up and the filling deleted, which makes the broker write it anew at once
 * (docs/decisions/0020-freed-space-of-the-broker.md).
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { isGone } from '@leadwire/shared/broker/error-codes';
import { TransientError, toError } from '@leadwire/shared/errors';
import { fillings } from './places.ts';

/** No file of a stream becomes larger (nats-server 2.15, defaultLargeBlockSize in server/filestore.go). */
const FILE_BYTES = 8 * 1024 * 1024;
/** One message of the filling; less where the broker takes less. */
const MOST_BYTES = 1024 * 1024;
/** Reading a whole file comes before each deletion. */
const ANSWER_MS = 60_000;

/**
 * Has the broker write the files anew in which dropped messages may have left contacts. It may be interrupted anywhere:
 * the same call again does all of it.
 * @throws TransientError when the broker fails
 */
export async function clearFreedSpace(bus: Bus): Promise<void> {
  for (const [stream, subjectOf] of Object.entries(fillings)) {
    try {
      await refill(bus, stream, subjectOf);
    } catch (thrown) {
      if (thrown instanceof TransientError) throw thrown;
      const error = toError(thrown);
      throw new TransientError(`the files of ${stream}: ${error.message}`, { cause: error });
    }
  }
}

async function refill(
  bus: Bus,
  stream: string,
  subjectOf: (part: string) => string,
): Promise<void> {
  const connection = bus.connection();
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: ANSWER_MS });
  // Of a run that was interrupted.
  await manager.streams.purge(stream, { filter: subjectOf('*') });
  const { state } = await manager.streams.info(stream);
  // A file goes with the last message in it.
  if (state.messages === 0) return;
  const size = Math.min(connection.info?.max_payload ?? MOST_BYTES, MOST_BYTES);
  const filling = new Uint8Array(size);
  const stored: number[] = [];
  for (let part = 0; part * size <= FILE_BYTES; part += 1) {
    const { seq } = await bus.jetstream().publish(subjectOf(String(part)), filling, {
      timeout: ANSWER_MS,
    });
    stored.push(seq);
  }
  // One by one: a purge would leave the files as they are.
  for (const seq of stored) {
    await manager.streams.deleteMessage(stream, seq, false).catch((thrown: unknown) => {
      if (!isGone(thrown)) throw thrown;
    });
  }
}
