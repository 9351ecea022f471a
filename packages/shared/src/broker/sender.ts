/**
 * How a message gets into a stream: published again while its answer is lost, or while an earlier write of the same
 * subject is not decided. One at a time: atomic batches (ADR-50) were tried and taken back, see bench/README.md.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { headers as createHeaders, type MsgHdrs, type NatsConnection, type PubAck } from 'nats';
import { apiCode, isUnderWay } from './error-codes.ts';

/** A publish that was not answered in this time is repeated; the broker's fsync takes about 1 ms. */
const PUBLISH_TIMEOUT_MS = 3_000;
const PUBLISH_TRIES = 2;
/** In a cluster an unfinished write is decided within milliseconds; a second is less than intake waits. */
const UNDER_WAY_TRIES = 50;
const UNDER_WAY_MS = 20;

export interface Outgoing {
  subject: string;
  payload: string | Uint8Array;
  headers: Record<string, string>;
}

/** Where it is, or which earlier one holds its place (`duplicate`). */
export type Place = Pick<PubAck, 'seq' | 'duplicate'>;

export interface Sender {
  /** @throws what the client throws when the broker does not confirm it */
  publish(message: Outgoing): Promise<Place>;
}

/** @param connection.live throws when there is no connection */
export function createSender(connection: {
  live: () => NatsConnection;
  isUp: () => boolean;
}): Sender {
  const publish = async ({ subject, payload, headers }: Outgoing): Promise<Place> => {
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

  return { publish };
}

function toHeaders(entries: Record<string, string>): MsgHdrs {
  const result = createHeaders();
  for (const [key, value] of Object.entries(entries)) result.set(key, value);
  return result;
}
