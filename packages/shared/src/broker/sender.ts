/**
 * How a message gets into a stream: alone, or together with others that are under way at the same moment. Together means
 * an atomic batch (ADR-50, https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md): the broker
 * syncs its disk once for all of them and answers once. A batch that it refuses, or whose answer is lost, goes again one
 * by one, so the condition and the id of each message decide about it as always.
 *
 * Two messages with one condition or one id are never in one batch: nats-server 2.15.1 holds a member's condition against
 * the stream, not against the other members, so both would be stored. Between batches, and between a batch and a single
 * message, the condition holds (batches.int.test.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection, PubAck } from 'nats';
import { newId } from '../contract/ids.ts';
import { createNextBatch } from '../runtime/next-batch.ts';
import { createAskStream, type AskStream, type StreamAnswer } from './ask-stream.ts';
import { apiCode, isUnderWay } from './error-codes.ts';
import { toHeaders, type Outgoing } from './outgoing.ts';

/** A publish that was not answered in this time is repeated; the broker's fsync takes about 1 ms. */
const PUBLISH_TIMEOUT_MS = 3_000;
const PUBLISH_TRIES = 2;
/** In a cluster an unfinished write is decided within milliseconds; a second is less than intake waits. */
const UNDER_WAY_TRIES = 50;
const UNDER_WAY_MS = 20;
/**
 * So many have to be under way before they travel together. nats-server 2.15.1 stages each batch of a file stream in a
 * store of its own, about 6 ms of its processor on a busy machine, and takes 0.5 ms for a message alone against 0.1 ms
 * for one of a batch (bench/README.md): batches of 15 cost as much as singles, and a batch is about half of what waits.
 */
const BATCHES_FROM = 32;
/** The broker takes 1,000; with fewer nobody waits long for the others. */
const LARGEST_BATCH = 200;
/** A stream that takes no batches (10174), or a broker that has no room for another (10210, 10211). */
const NO_BATCHES = [10174, 10210, 10211];
/** Messages that have one of these in common may not travel together. */
const TWIN_MARKS = ['Nats-Expected-Last-Subject-Sequence-Subject', 'Nats-Msg-Id'];
/** So long they are not tried again. */
const NO_BATCHES_MS = 60_000;

/** Where it is, or which earlier one holds its place (`duplicate`). */
export type Place = Pick<PubAck, 'seq' | 'duplicate'>;

export interface Sender {
  /** Subscribes to answers while the connection is young: what is first asked for during an outage is heard, too. */
  open(connection: NatsConnection): void;
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
  /** Messages of `together` that are not answered yet. */
  let underWay = 0;

  let asking: { of: NatsConnection; ask: AskStream } | undefined;

  const askOver = (live: NatsConnection): AskStream => {
    if (asking?.of !== live) asking = { of: live, ask: createAskStream(live) };
    return asking.ask;
  };
  const ask = async (message: Outgoing): Promise<StreamAnswer> =>
    askOver(connection.live())(message, PUBLISH_TIMEOUT_MS);

  const alone = async (message: Outgoing): Promise<Place> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return placeIn(await ask(message));
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
    const members = messages.map(({ headers, ...message }, index) => ({
      ...message,
      headers: { ...headers, ...batch, 'Nats-Batch-Sequence': `${index + 1}` },
    }));
    const last = members.pop();
    if (last === undefined) return undefined;
    for (const { subject, payload, headers } of members) {
      nc.publish(subject, payload, { headers: toHeaders(headers) });
    }
    const commit = { ...last, headers: { ...last.headers, 'Nats-Batch-Commit': '1' } };
    const { seq, count, error } = await ask(commit);
    if (NO_BATCHES.includes(error?.err_code ?? 0)) noBatchesUntil = Date.now() + NO_BATCHES_MS;
    return error === undefined && count === messages.length ? seq : undefined;
  };

  /** For each its place; undefined for one that has to go alone. */
  const nextBatch = createNextBatch<Outgoing, Place | undefined>({
    maxRows: LARGEST_BATCH,
    async write(messages) {
      if (messages.length < BATCHES_FROM / 2) return messages.map(() => undefined);
      const members = withoutTwins(messages);
      const last = await publishBatch(members).catch(() => undefined);
      if (last === undefined) return messages.map(() => undefined);
      const before = last - members.length + 1;
      const places = new Map(members.map((member, index) => [member, before + index]));
      return messages.map((message) => {
        const seq = places.get(message);
        return seq === undefined ? undefined : { seq, duplicate: false };
      });
    },
  });

  return {
    open: (live) => void askOver(live),
    alone,
    async together(message) {
      underWay += 1;
      try {
        if (underWay < BATCHES_FROM || Date.now() < noBatchesUntil) return await alone(message);
        return (await nextBatch(message)) ?? (await alone(message));
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** The first of those that share a condition or an id; the others go alone, when its fate is known. */
function withoutTwins(messages: readonly Outgoing[]): Outgoing[] {
  const taken = new Set<string>();
  return messages.filter(({ headers }) => {
    const marks = TWIN_MARKS.map((name) => `${name} ${headers[name]}`);
    const isTwin = marks.some((mark) => taken.has(mark));
    if (!isTwin) for (const mark of marks) taken.add(mark);
    return !isTwin;
  });
}

/** @throws what JetStream said against it, as `apiCode` reads it */
function placeIn({ seq, duplicate = false, error }: StreamAnswer): Place {
  if (error) throw Object.assign(new Error(error.description), { api_error: error });
  if (seq === undefined) throw new Error('the answer names no place');
  return { seq, duplicate };
}
