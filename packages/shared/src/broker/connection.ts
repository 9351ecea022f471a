/**
 * The connection to the broker. It is kept up for ever; with the client's own means alone it would
 * give up, could not be called off while it waits, and would not notice half of a connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DebugEvents, Events, connect, type NatsConnection } from 'nats';
import './answered-requests.ts';
import { apiCode } from './error-codes.ts';
import { TopologyError } from './apply-topology.ts';
import { brokerAddress } from './address.ts';
import { endRequests } from './lost-requests.ts';
import { writeTogether } from './write-together.ts';
import { TransientError, toError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';

/** Between two attempts to reach the broker. */
const RETRY_MS = 500;
/** A half-open connection is noticed after two silent pings: within 12 seconds. */
const PING_INTERVAL_MS = 4_000;
const SILENT_PINGS = 2;

export interface ConnectionOptions {
  /** As address.ts reads it. */
  url: string;
  name: string;
  log: Log;
  /** Runs once, after the first connect; again when the broker failed under it. */
  prepare: (connection: NatsConnection) => Promise<void>;
}

export interface Connection {
  /** Resolves when `prepare` is done. Rejects when the broker refuses it. */
  readonly ready: Promise<void>;
  /** Resolves when it is over for good, with the reason if that was not asked for. */
  readonly closed: Promise<Error | undefined>;
  readonly isUp: () => boolean;
  /** @throws TransientError when there is no connection just now. */
  readonly live: () => NatsConnection;
  /** Finishes what is under way, then closes. Any number of calls are one. */
  readonly drain: () => Promise<void>;
}

/** Starts connecting in the background and returns at once. */
export function openConnection(options: ConnectionOptions): Connection {
  const { url, name, log, prepare } = options;
  let connection: NatsConnection | undefined;
  let isUp = false;
  const over = new AbortController();
  let resolveClosed: (reason: Error | undefined) => void = () => undefined;
  const closed = new Promise<Error | undefined>((resolve) => (resolveClosed = resolve));

  const start = async (): Promise<void> => {
    const nc = await untilItWorks('the broker is not reachable yet', () =>
      connect({
        ...brokerAddress(url),
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RETRY_MS,
        reconnectJitter: 250,
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: SILENT_PINGS,
        // A stack for each request, in case it fails, is a tenth of a busy service's time; errors have their cause anyway.
        noAsyncTraces: true,
      }),
    );
    if (over.signal.aborted) return nc.close();
    writeTogether(nc);
    connection = nc;
    isUp = true;
    void nc.closed().then((error) => {
      isUp = false;
      resolveClosed(error ?? undefined);
    });
    void watchStatus(nc);
    // One that is gone has no version to look at, and what is asked of it is lost.
    await untilItWorks('the broker is not as it should be yet', async () => prepare(live()));
  };

  /** Not with the client's own waiting, which cannot be called off. */
  const untilItWorks = async <T>(otherwise: string, work: () => Promise<T>): Promise<T> => {
    for (let said = ''; ;) {
      try {
        return await work();
      } catch (thrown) {
        const isFinal = thrown instanceof TopologyError || apiCode(thrown) !== undefined;
        if (isFinal || over.signal.aborted) throw thrown;
        const error = toError(thrown);
        if (error.message !== said) log.warn({ err: error }, otherwise);
        said = error.message;
        await delay(RETRY_MS, undefined, { signal: over.signal });
      }
    }
  };

  const watchStatus = async (nc: NatsConnection): Promise<void> => {
    for await (const { type } of nc.status()) {
      const wasUp = isUp;
      if (type === Events.Disconnect || type === DebugEvents.StaleConnection) isUp = false;
      else if (type === Events.Reconnect) isUp = true;
      if (type === Events.Disconnect) endRequests(nc);
      if (isUp !== wasUp) log.warn(isUp ? 'connected to the broker again' : 'the broker is gone');
    }
  };

  const live = (): NatsConnection => {
    if (!connection || !isUp)
      throw new TransientError('the broker is not reachable', { outage: true });
    return connection;
  };

  let drained: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    over.abort();
    if (!connection) return resolveClosed(undefined);
    // Without a broker `drain` would wait for it; with one, `close` would leave iterators hanging.
    if (isUp) await connection.drain().catch(() => undefined);
    if (!connection.isClosed()) await connection.close();
  };
  const ready = start();
  // Whoever needs it waits for it; one that is drained before it was connected is no accident.
  ready.catch(() => undefined);

  return { ready, closed, isUp: () => isUp, live, drain: () => (drained ??= drain()) };
}
