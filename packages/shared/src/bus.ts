/**
 * The only place that knows the `nats` client. What it promises:
 * - The connection never gives up; if the client closes it all the same, `closed` resolves with the
 *   reason and the process must end (a consumer on a closed connection hangs silently).
 * - `publish` resolves only when the stream has the event on disk; a repeat after a lost answer
 *   cannot store it twice.
 * - Nothing waits for a broker that is not there: with no connection it fails at once.
 */
import {
  Events,
  connect,
  headers as createHeaders,
  type JetStreamClient,
  type JetStreamManager,
  type KV,
  type MsgHdrs,
  type NatsConnection,
} from 'nats';
import { applyTopology } from './apply-topology.ts';
import { TransientError, toError } from './errors.ts';
import type { AnyEvent } from './events.ts';
import type { Log } from './log.ts';
import { streams, type BucketName, type StreamName } from './topology.ts';

/** JetStream's "wrong last sequence": somebody stored this subject or key before us. */
const WRONG_LAST_SEQUENCE = 10071;
/** JetStream's "message not found". */
const NO_MESSAGE = 10037;
/** A publish that was not answered in this time is repeated; the broker's fsync takes about 1 ms. */
const PUBLISH_TIMEOUT_MS = 3_000;
const PUBLISH_TRIES = 2;

export interface StoredEvent {
  event: unknown;
  subject: string;
  seq: number;
  header(name: string): string | undefined;
}

export interface PublishOptions {
  /** Recognised by the broker for two minutes: a first net against repeats, never the truth. */
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
  /** False when an earlier event holds the place; `existing` is that one if `onceUnder` found it. */
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
  /** Resolves once: connected, and the broker looks like topology.ts. Rejects when it cannot. */
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
  jetstream(): JetStreamClient;
  manager(): Promise<JetStreamManager>;
  /** Finishes what is under way, then closes. Never `close()`: in this client it leaves iterators hanging. */
  drain(): Promise<void>;
}

export interface BusOptions {
  url: string;
  /** The service's name, shown by the broker for its connection and put into events as their source. */
  name: string;
  log: Log;
  replicas?: number;
}

/** Starts connecting in the background and returns at once, broker or no broker. */
export function openBus({ url, name, log, replicas = 1 }: BusOptions): Bus {
  let connection: NatsConnection | undefined;
  let isUp = false;
  let resolveClosed: (reason: Error | undefined) => void = () => undefined;
  const closed = new Promise<Error | undefined>((resolve) => (resolveClosed = resolve));
  const bucketViews = new Map<BucketName, Promise<KV>>();

  const start = async (): Promise<void> => {
    connection = await connect({
      servers: url.split(','),
      name,
      maxReconnectAttempts: -1,
      waitOnFirstConnect: true,
      reconnectTimeWait: 500,
      reconnectJitter: 250,
      // A half-open connection is noticed after two silent pings, 10 seconds.
      pingInterval: 5_000,
      maxPingOut: 2,
    });
    isUp = true;
    void connection.closed().then((error) => {
      isUp = false;
      resolveClosed(error ?? undefined);
    });
    void watchStatus(connection);
    await applyTopology(connection, { replicas });
  };

  const watchStatus = async (nc: NatsConnection): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === Events.Disconnect) isUp = false;
      else if (status.type === Events.Reconnect) isUp = true;
      else continue;
      log.warn(isUp ? 'connected to the broker again' : 'the broker is gone');
    }
  };

  const live = (): NatsConnection => {
    if (!connection || !isUp)
      throw new TransientError('the broker is not reachable', { outage: true });
    return connection;
  };
  const manager = () => live().jetstreamManager({ checkAPI: false });

  const readMessage = async (
    stream: StreamName,
    query: { last_by_subj: string } | { seq: number },
  ): Promise<StoredEvent | undefined> => {
    try {
      const message = await (await manager()).streams.getMessage(stream, query);
      return {
        event: message.json(),
        subject: message.subject,
        seq: message.seq,
        header: (key) => message.header.get(key) || undefined,
      };
    } catch (thrown) {
      if (apiCode(thrown) === NO_MESSAGE) return undefined;
      throw asTransient('the broker could not be read', thrown);
    }
  };

  const send = async (subject: string, event: AnyEvent | Uint8Array, headers: MsgHdrs) => {
    const payload = event instanceof Uint8Array ? event : JSON.stringify(event);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await live().jetstream().publish(subject, payload, {
          headers,
          timeout: PUBLISH_TIMEOUT_MS,
        });
      } catch (thrown) {
        const isRepeatable = apiCode(thrown) === undefined && isUp && attempt < PUBLISH_TRIES;
        if (!isRepeatable) throw thrown;
      }
    }
  };

  return {
    name,
    ready: start(),
    closed,
    isConnected: () => isUp,
    jetstream: () => live().jetstream(),
    manager,

    async publish(subject, event, options = {}) {
      const headers = toHeaders({ ...options.headers, 'Nats-Msg-Id': options.msgId });
      if (options.onceUnder !== undefined) {
        headers.set('Nats-Expected-Last-Subject-Sequence', '0');
        headers.set('Nats-Expected-Last-Subject-Sequence-Subject', options.onceUnder);
      }
      try {
        const ack = await send(subject, event, headers);
        return { seq: ack.seq, stored: !ack.duplicate };
      } catch (thrown) {
        if (apiCode(thrown) !== WRONG_LAST_SEQUENCE || options.onceUnder === undefined) {
          throw asTransient(`publishing to ${streamOf(subject)} failed`, thrown);
        }
        const existing = await readMessage(streamOf(subject), { last_by_subj: options.onceUnder });
        if (!existing) throw asTransient('an event vanished while it was looked at', thrown);
        // Our own first try may have been stored although its answer was lost.
        const isOurs = 'id' in event && (existing.event as { id?: unknown }).id === event.id;
        return { seq: existing.seq, stored: isOurs, existing };
      }
    },

    async schedule({ pending, due, at, headers }, event) {
      const scheduled = toHeaders({
        ...headers,
        // Milliseconds stay: a time cut to whole seconds fires early.
        'Nats-Schedule': `@at ${at.toISOString()}`,
        'Nats-Schedule-Target': due,
      });
      try {
        await send(pending, event, scheduled);
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
        .then(() => live().jetstream().views.kv(bucketName, { bindOnly: true }))
        .catch((thrown: unknown) => {
          bucketViews.delete(bucketName);
          throw asTransient(`bucket ${bucketName} is not reachable`, thrown);
        });
      bucketViews.set(bucketName, view);
      return view;
    },

    async drain() {
      if (!connection) return resolveClosed(undefined);
      if (!connection.isClosed()) await connection.drain();
    },
  };
}

/** The JetStream API's own error code, if the broker answered with one. */
export function apiCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('api_error' in thrown)) return undefined;
  return (thrown.api_error as { err_code?: number } | undefined)?.err_code;
}

/** True when a compare-and-set lost against an earlier write. */
export function isConflict(thrown: unknown): boolean {
  return apiCode(thrown) === WRONG_LAST_SEQUENCE;
}

function asTransient(what: string, thrown: unknown): TransientError {
  if (thrown instanceof TransientError) return thrown;
  const error = toError(thrown);
  return new TransientError(`${what}: ${error.message}`, { cause: error, outage: true });
}

function toHeaders(entries: Record<string, string | undefined>): MsgHdrs {
  const result = createHeaders();
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined) result.set(key, value);
  }
  return result;
}

function streamOf(subject: string): StreamName {
  const root = subject.slice(0, subject.indexOf('.') + 1);
  for (const [name, spec] of Object.entries(streams)) {
    if (spec.subjects.some((pattern) => pattern.startsWith(root))) return name as StreamName;
  }
  throw new TypeError(`no stream of the topology takes the subject ${subject}`);
}
