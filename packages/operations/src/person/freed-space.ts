/**
 * What the broker drops by itself (a message that was sent, the state of a delivery before this one) is not written
 * over: its bytes stay in their file until the broker writes that file anew, which it does once less than half of it is
 * in use and it is no longer the newest of its stream. In a quiet house that takes months. So in an erasure the newest
 * file is filled up and the filling deleted, which makes the broker write it anew at once; in the ledger, where what is
 * dropped lies among what is kept, the entries around it move out of its file meanwhile
 * (docs/decisions/0020-freed-space-of-the-broker.md).
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { isGone } from '@leadwire/shared/broker/error-codes';
import { LEDGER_STREAM } from '@leadwire/shared/delivery/ledger';
import { TransientError, toError } from '@leadwire/shared/errors';
import { moveNeighbours } from './ledger-neighbours.ts';
import { fillings } from './places.ts';

/** No file of a stream becomes larger (nats-server 2.15, defaultLargeBlockSize in server/filestore.go). */
const FILE_BYTES = 8 * 1024 * 1024;
/** One message of the filling; less where the broker takes less. */
const MOST_BYTES = 1024 * 1024;
/** Reading a whole file comes before each deletion. */
const ANSWER_MS = 60_000;

/**
 * Has the broker write the ledger's files anew in which the states of these leads' (or ids') deliveries were. Before
 * anything is removed: their entries say where that is. It may be interrupted anywhere: the same call again does all of it.
 * @throws TransientError when the broker fails
 */
export async function clearLedger(bus: Bus, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await refill(bus, LEDGER_STREAM, () => moveNeighbours(bus, ids));
}

/**
 * Has the broker write the files anew in which messages were that went their way; as `clearLedger`.
 * @throws TransientError when the broker fails
 */
export async function clearMessages(bus: Bus): Promise<void> {
  for (const stream of ['NOTIFICATIONS', 'TELEGRAM'] as const) await refill(bus, stream);
}

async function refill(
  bus: Bus,
  stream: keyof typeof fillings,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  try {
    await fillAndEmpty(bus, stream, meanwhile);
  } catch (thrown) {
    if (thrown instanceof TransientError) throw thrown;
    const error = toError(thrown);
    throw new TransientError(`the files of ${stream}: ${error.message}`, { cause: error });
  }
}

/** `meanwhile`: once what was the newest file is closed, and before the broker looks at it. */
async function fillAndEmpty(
  bus: Bus,
  stream: keyof typeof fillings,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const subjectOf = fillings[stream];
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
  await meanwhile();
  // One by one: a purge would leave the files as they are.
  for (const seq of stored) {
    await manager.streams.deleteMessage(stream, seq, false).catch((thrown: unknown) => {
      if (!isGone(thrown)) throw thrown;
    });
  }
}
