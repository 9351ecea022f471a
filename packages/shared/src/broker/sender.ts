/**
 * How a message gets into a stream: alone, or together with others that are under way at the same moment. Together means
 * an atomic batch (ADR-50, https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md): the broker
 * syncs its disk once for all of them and answers once. A batch that it refuses, or whose answer is lost, goes again one
 * by one, so the condition and the id of each message decide about it as always.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { headers as createHeaders, type MsgHdrs, type NatsConnection, type PubAck } from 'nats';
import { newId } from '../contract/ids.ts';
import { createNextBatch } from '../runtime/next-batch.ts';
import { apiCode, isUnderWay } from './error-codes.ts';

/** A publish that was not answered in this time is repeated; the broker's fsync takes about 1 ms. */
const PUBLISH_TIMEOUT_MS = 3_000;
const PUBLISH_TRIES = 2;
/** In a cluster an unfinished write is decided within milliseconds; a second is less than intake waits. */
const UNDER_WAY_TRIES = 50;
const UNDER_WAY_MS = 20;
/** The broker takes 1,000; with fewer nobody waits long for the others. */
const LARGEST_BATCH = 200;
/** A stream that takes no batches (10174), or a broker that has no room for another (10210, 10211). */
const NO_BATCHES = [10174, 10210, 10211];
/** So long they are not tried again. */
const NO_BATCHES_MS = 60_000;

export interface Outgoing {
  subject: string;
  payload: string | Uint8Array;
  headers: Record<string, string>;
}

/** Where it is, or which earlier one holds its place (`duplicate`). */
export type Place = Pick<PubAck, 'seq' | 'duplicate'>;

export interface Sender {
  /** @throws what the client throws when the broker does not confirm it */
  alone(message: Outgoing): Promise<Place>;
  /** The same for a message that may not be stored twice: it carries an id and a condition of its own. All go to one stream. */
  together(message: Outgoing): Promise<Place>;
}

/** @param connection.live throws when there is no connection */
export function createSender(connection: {
  live: () => NatsConnection;
  isUp: () => boolean;
}): Sender {
  let noBatchesUntil = 0;

  const alone = async ({ subject, payload, headers }: Outgoing): Promise<Place> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connection
          .live()
          .jetstream()
          .publish(subject, payload, {
            headers: toHeaders(headers),
            timeout: PUBLISH_TIMEOUT_MS,
          });
      } catch (thrown) {
        const isLost = apiCode(thrown) === undefined && attempt < PUBLISH_TRIES;
        const isEarly = isUnderWay(thrown) && attempt < UNDER_WAY_TRIES;
        if (!(isLost || isEarly) || !connection.isUp()) throw thrown;
        if (isEarly) await delay(UNDER_WAY_MS);
      }
    }
  };

  /** The sequence of the last one, or undefined when the broker did not take all of them. */
  const publishBatch = async (messages: readonly Outgoing[]): Promise<number | undefined> => {
    const nc = connection.live();
    const batch = { 'Nats-Batch-Id': newId() };
    const memberAt = (index: number): MsgHdrs =>
      toHeaders({ ...messages[index]?.headers, ...batch, 'Nats-Batch-Sequence': `${index + 1}` });
    const last = messages.length - 1;
    for (const [index, { subject, payload }] of messages.slice(0, last).entries()) {
      nc.publish(subject, payload, { headers: memberAt(index) });
    }
    const headers = memberAt(last);
    headers.set('Nats-Batch-Commit', '1');
    const { subject = '', payload = '' } = messages[last] ?? {};
    const answer = await nc.request(subject, payload, { headers, timeout: PUBLISH_TIMEOUT_MS });
    const { seq, count, error } = answer.json<BatchAck>();
    if (NO_BATCHES.includes(error?.err_code ?? 0)) noBatchesUntil = Date.now() + NO_BATCHES_MS;
    return error === undefined && count === messages.length ? seq : undefined;
  };

  /** For each its place; undefined for one that has to go alone. */
  const nextBatch = createNextBatch<Outgoing, Place | undefined>({
    maxRows: LARGEST_BATCH,
    async write(messages) {
      const [first] = messages;
      if (first && messages.length === 1) return [await alone(first)];
      const seq = await publishBatch(messages).catch(() => undefined);
      return messages.map((_, index) => {
        const isThere = seq !== undefined;
        return isThere ? { seq: seq - messages.length + 1 + index, duplicate: false } : undefined;
      });
    },
  });

  return {
    alone,
    async together(message) {
      if (Date.now() < noBatchesUntil) return alone(message);
      return (await nextBatch(message)) ?? alone(message);
    },
  };
}

/** The broker's answer to the last one of a batch. */
interface BatchAck {
  seq?: number;
  count?: number;
  error?: { err_code?: number };
}

function toHeaders(entries: Record<string, string>): MsgHdrs {
  const result = createHeaders();
  for (const [key, value] of Object.entries(entries)) result.set(key, value);
  return result;
}
