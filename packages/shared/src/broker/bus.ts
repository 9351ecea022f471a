/**
 * The only place that knows the `nats` client. What it promises:
 * - The connection never gives up; if the client closes it all the same, `closed` resolves with the
 *   reason and the process must end (a consumer on a closed connection hangs silently).
 * - `publish` resolves only when the stream has the event on disk; a repeat after a lost answer
 *   cannot store it twice.
 * - Nothing waits for a broker that is not there: with no connection it fails at once.
 */
import type { JetStreamClient, JetStreamManager, KV, MsgHdrs, NatsConnection } from 'nats';
import { NO_MESSAGE, apiCode, isConflict } from './error-codes.ts';
import { applyTopology } from './apply-topology.ts';
import { openConnection } from './connection.ts';
import { readDirectly } from './read-directly.ts';
import type { Outgoing } from './outgoing.ts';
import { readKeyOf } from './read-key.ts';
import { createSender } from './sender.ts';
import { TransientError, toError } from '../errors.ts';
import type { Retention } from '../contract/retention.ts';
import type { AnyEvent } from '../contract/events.ts';
import { newId } from '../contract/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { StreamName, StreamSpec } from '../contract/streams.ts';
import { streamOf, streams, type BucketName } from '../contract/topology.ts';

export { isConflict };

export interface StoredEvent {
  /** Undefined when the message is not JSON. */
  event: unknown;
  subject: string;
  seq: number;
  header(name: string): string | undefined;
}

export interface PublishOptions {
  /**
   * Recognised by the broker for two minutes: a first net against repeats, never the truth. The
   * event's own id when not given.
   */
  msgId?: string;
  /**
   * Store it only if the stream has no message under this subject (wildcards allowed): the lasting
   * answer to "did this happen already". Usually the subject itself.
   */
  onceUnder?: string;
  headers?: Record<string, string>;
}

export interface Published {
  seq: number;
  /**
   * False when an earlier event holds the place: `seq` is its place, and `existing` the event itself
   * if it is still there. The same event published again is that event, so it counts as stored.
   */
  stored: boolean;
  existing?: StoredEvent;
}

export interface Schedule {
  /** Where it waits, and its identity: a new one under the same subject replaces the old. */
  pending: string;
  /** Where it appears at `at`. */
  due: string;
  at: Date;
  headers?: Record<string, string>;
}

export interface Bus {
  readonly name: string;
  /** Resolves once: connected, and the topology applied if it is to be. Rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves when the connection is over for good, with the reason if it was not asked for. */
  readonly closed: Promise<Error | undefined>;
  isConnected(): boolean;
  /**
   * Resolves when the event is stored. Bytes are published as they are (a copy of a message).
   * @throws TransientError when the broker did not confirm it; it may be stored all the same.
   */
  publish(
    subject: string,
    event: AnyEvent | Uint8Array,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Has the broker publish the event later. @throws TransientError as `publish`. */
  schedule(schedule: Schedule, event: AnyEvent | Uint8Array): Promise<void>;
  /** The newest message under a subject (wildcards allowed), from the leader, or undefined. */
  lastUnder(stream: StreamName, subject: string): Promise<StoredEvent | undefined>;
  atSequence(stream: StreamName, seq: number): Promise<StoredEvent | undefined>;
  bucket(name: BucketName): Promise<KV>;
  /** @throws TransientError when there is no connection; so do the next two. */
  connection(): NatsConnection;
  jetstream(): JetStreamClient;
  manager(): Promise<JetStreamManager>;
  /**
   * Finishes what is under way, then closes; with no broker there it just closes. Any number of
   * calls are one.
   */
  drain(): Promise<void>;
}

export interface BusOptions {
  /** As address.ts reads it. */
  url: string;
  /** The service's name, shown by the broker for its connection and put into events as their source. */
  name: string;
  log: Log;
  replicas?: number;
  /** Applied by default; someone who only looks takes the broker as it is. */
  topology?: 'apply' | 'as it is';
  /** How long streams keep people, for who may decide it; others leave what they find. */
  retention?: Retention | undefined;
  /** Told when the topology was applied: streams that keep a longer age than `retention` says, in words. */
  onApplied?: ((waiting: readonly string[]) => void) | undefined;
  /**
   * The only streams that are read from their leader; all of them by default. From the others and from buckets one
   * subject at a time is read, which the broker's rights can name. Any copy answers, so in a cluster it may be some
   * milliseconds old.
   */
  leaderReads?: readonly StreamName[];
}

/** Starts connecting in the background and returns at once, broker or no broker. */
export function openBus(options: BusOptions): Bus {
  const { url, name, log, replicas = 1, topology = 'apply', leaderReads } = options;
  const { retention, onApplied } = options;
  const connection = openConnection({
    url,
    name,
    log,
    prepare: async (nc) => {
      sender.open(nc);
      if (topology !== 'apply') return;
      const waiting = await applyTopology(nc, { replicas, retention });
      onApplied?.(waiting);
    },
  });
  const { live } = connection;
  const bucketViews = new Map<BucketName, Promise<KV>>();
  const allow_direct = leaderReads !== undefined;
  const manager = async () => live().jetstreamManager({ checkAPI: false });

  const readMessage = async (
    stream: StreamName,
    query: { last_by_subj: string } | { seq: number },
  ): Promise<StoredEvent | undefined> => {
    try {
      if ('last_by_subj' in query && leaderReads?.includes(stream) === false) {
        const message = await readDirectly(live(), stream, query.last_by_subj);
        return message && toStored(message.subject, message.seq, message);
      }
      const message = await (await manager()).streams.getMessage(stream, query);
      return toStored(message.subject, message.seq, {
        json: () => message.json(),
        headers: message.header,
      });
    } catch (thrown) {
      if (apiCode(thrown) === NO_MESSAGE) return undefined;
      throw asTransient('the broker could not be read', thrown);
    }
  };

  const withOwnGet = (kv: KV, bucketName: BucketName): KV =>
    Object.assign(kv, { get: (key: string) => readKeyOf(live(), bucketName, key) });

  const sender = createSender(connection);

  return {
    name,
    ready: connection.ready,
    closed: connection.closed,
    isConnected: connection.isUp,
    connection: live,
    jetstream: () => live().jetstream(),
    manager,

    async publish(subject, event, options = {}) {
      const eventId = 'id' in event ? event.id : undefined;
      const msgId = options.msgId ?? eventId ?? newId();
      const headers: Record<string, string> = { ...options.headers, 'Nats-Msg-Id': msgId };
      if (options.onceUnder !== undefined) {
        headers['Nats-Expected-Last-Subject-Sequence'] = '0';
        headers['Nats-Expected-Last-Subject-Sequence-Subject'] = options.onceUnder;
      }
      const stream = streamOf(subject);
      const { batches }: StreamSpec = streams[stream];
      const way = batches && options.onceUnder !== undefined ? 'together' : 'alone';
      try {
        const { seq, duplicate } = await sender[way]({
          subject,
          payload: payloadOf(event),
          headers,
        });
        if (!duplicate) return { seq, stored: true };
        if (options.msgId === undefined || msgId === eventId) return { seq, stored: true };
        // By its number any message could be read, which the rights do not allow here.
        if (leaderReads?.includes(stream) === false) return { seq, stored: false };
        return heldBy(await readMessage(stream, { seq }), eventId, seq);
      } catch (thrown) {
        if (!isConflict(thrown) || options.onceUnder === undefined) {
          throw asTransient(`publishing to ${stream} failed`, thrown);
        }
        const existing = await readMessage(stream, { last_by_subj: options.onceUnder });
        if (!existing) throw asTransient('an event vanished while it was looked at', thrown);
        return heldBy(existing, eventId, existing.seq);
      }
    },

    async schedule({ pending, due, at, headers }, event) {
      const scheduled = {
        ...headers,
        // Milliseconds stay: a time cut to whole seconds fires early.
        'Nats-Schedule': `@at ${at.toISOString()}`,
        'Nats-Schedule-Target': due,
        // For this call alone: a repeat after a lost answer must not bring back what has fired.
        'Nats-Msg-Id': newId(),
      };
      try {
        await sender.alone({ subject: pending, payload: payloadOf(event), headers: scheduled });
      } catch (thrown) {
        throw asTransient('scheduling failed', thrown);
      }
    },

    lastUnder: (stream, subject) => readMessage(stream, { last_by_subj: subject }),
    atSequence: (stream, seq) => readMessage(stream, { seq }),

    async bucket(bucketName) {
      const known = bucketViews.get(bucketName);
      if (known) {
        // A view that was bound earlier would wait for its timeout while the broker is away.
        live();
        return known;
      }
      const view = Promise.resolve()
        .then(() => live().jetstream().views.kv(bucketName, { bindOnly: true, allow_direct }))
        .then((kv) => (allow_direct ? kv : withOwnGet(kv, bucketName)))
        .catch((thrown: unknown) => {
          bucketViews.delete(bucketName);
          throw asTransient(`bucket ${bucketName} is not reachable`, thrown);
        });
      bucketViews.set(bucketName, view);
      return view;
    },

    drain: connection.drain,
  };
}

/** What a repeat found in its place. Our own first try may be there although its answer was lost. */
function heldBy(
  existing: StoredEvent | undefined,
  eventId: string | undefined,
  seq: number,
): Published {
  const { id } = (existing?.event ?? {}) as { id?: unknown };
  const isOurs = eventId !== undefined && id === eventId;
  return { seq, stored: isOurs, ...(existing && { existing }) };
}

function toStored(
  subject: string,
  seq: number,
  message: { json(): unknown; headers?: MsgHdrs | undefined },
): StoredEvent {
  const header = (key: string) => message.headers?.get(key) || undefined;
  return { event: jsonOf(message), subject, seq, header };
}

function jsonOf(message: { json(): unknown }): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

function asTransient(what: string, thrown: unknown): TransientError {
  if (thrown instanceof TransientError) return thrown;
  const error = toError(thrown);
  return new TransientError(`${what}: ${error.message}`, { cause: error, outage: true });
}

function payloadOf(event: AnyEvent | Uint8Array): Outgoing['payload'] {
  return event instanceof Uint8Array ? event : JSON.stringify(event);
}
