/**
 * One pull request to a durable consumer. The client's own `fetch` and `consume` are not used: they
 * ask for more than agreed after a reconnect, hang on a deleted consumer, and throw away what is on
 * its way when they are stopped, so that it stays away for a whole ack_wait.
 */
import { createInbox, nanos, type JsMsg, type Msg, type NatsConnection } from 'nats';
import { toJsMsg } from 'nats/lib/jetstream/jsmsg.js';
import { inboxPrefixOf } from '../broker/address.ts';

/** How often the broker says that it still knows about the request. */
const HEARTBEAT_MS = 1_000;
/** Two heartbeats missed: the request is forgotten (a restart, a lost connection); ask again. */
const SILENCE_MS = 2_500;
const REQUEST_IS_OVER = [404, 408];

export interface PullOptions {
  stream: string;
  durable: string;
  /** Never more messages than this arrive. */
  count: number;
  /** How long the broker keeps the request while it has no messages, in milliseconds. */
  expiresMs: number;
  onMessage: (message: JsMsg) => void;
}

export interface RunningPull {
  /**
   * Resolves when no further message can arrive. Rejects when the broker refuses: the consumer is
   * gone, or JetStream is.
   */
  readonly over: Promise<void>;
  /** Takes the request back; messages on their way still arrive before `over` resolves. */
  stop(): void;
}

/** Asks for up to `count` messages. @throws when the connection is closed for good. */
export function startPull(connection: NatsConnection, options: PullOptions): RunningPull {
  const { stream, durable, count, expiresMs, onMessage } = options;
  const over = Promise.withResolvers<void>();
  const inbox = createInbox(inboxPrefixOf(connection));
  let left = count;

  const end = (error?: Error): void => {
    clearTimeout(silence);
    const isClosed = subscription.isClosed() || subscription.isDraining();
    // All that was asked for is here: nothing more is on its way.
    if (left === 0 && !isClosed) subscription.unsubscribe();
    // Drained, not dropped: the broker hands out at once what it could not deliver any more.
    const drained = isClosed || left === 0 ? Promise.resolve() : subscription.drain();
    const settle = () => (error ? over.reject(error) : over.resolve());
    drained.then(settle, settle);
  };

  const receive = (error: Error | null, message: Msg): void => {
    silence.refresh();
    if (error) return end(error);
    if (message.subject !== inbox) {
      left -= 1;
      onMessage(toJsMsg(message));
      if (left === 0) end();
      return;
    }
    const code = message.headers?.code ?? 0;
    if (REQUEST_IS_OVER.includes(code)) return end();
    if (code >= 400) end(new Error(`the broker refused: ${code} ${message.headers?.description}`));
  };

  const subscription = connection.subscribe(inbox, { callback: receive });
  const silence = setTimeout(end, SILENCE_MS);
  connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    JSON.stringify({
      batch: count,
      expires: nanos(expiresMs),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    }),
    { reply: inbox },
  );
  return { over: over.promise, stop: () => end() };
}
