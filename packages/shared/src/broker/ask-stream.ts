/**
 * A message to a stream, and its answer. What the client's own `request` does, for half of its processor time: that makes
 * two promises, a timer and two errors for each message, and races them (bench/README.md).
 */
import { Events, createInbox, type Msg, type NatsConnection, type PubAck } from 'nats';
import { toError } from '../errors.ts';
import { inboxPrefixOf } from './address.ts';
import { lostAnswer } from './lost-requests.ts';
import { toHeaders, type Outgoing } from './outgoing.ts';

const NO_RESPONDERS = 503;

interface Waiting {
  subject: string;
  resolve: (answer: StreamAnswer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** Of a message alone, or of a batch (`count`). An error is JetStream's own. */
export type StreamAnswer = Partial<PubAck> & {
  count?: number;
  error?: { err_code?: number; description?: string };
};

/**
 * Publishes and resolves with what the stream answers, refusals included.
 * @throws when no stream takes the subject, the broker does not allow it, nothing came in time or the connection was lost: it may
 *   be stored all the same
 */
export type AskStream = (message: Outgoing, timeoutMs: number) => Promise<StreamAnswer>;

/** One subscription for the life of the connection; the client makes it again after a reconnect. */
export function createAskStream(connection: NatsConnection): AskStream {
  const inbox = `${createInbox(inboxPrefixOf(connection))}.`;
  const waiting = new Map<string, Waiting>();
  let asked = 0;

  const take = (token: string): Waiting | undefined => {
    const found = waiting.get(token);
    waiting.delete(token);
    clearTimeout(found?.timer);
    return found;
  };
  const rejectAll = (error: Error, isMeant: (each: Waiting) => boolean): void => {
    for (const [token, each] of waiting) if (isMeant(each)) take(token)?.reject(error);
  };

  connection.subscribe(`${inbox}*`, {
    callback: (_error, message) => {
      const asker = take(message.subject.slice(inbox.length));
      try {
        asker?.resolve(answerIn(message));
      } catch (thrown) {
        asker?.reject(toError(thrown));
      }
    },
  });

  const watchStatus = async (): Promise<void> => {
    for await (const { type, permissionContext } of connection.status()) {
      if (type === Events.Disconnect) rejectAll(lostAnswer(), () => true);
      if (type !== Events.Error || permissionContext === undefined) continue;
      const { operation, subject } = permissionContext;
      const isOurs = operation !== 'publish' && subject.startsWith(inbox);
      const error = new Error(`the broker does not allow ${operation} to ${subject}`);
      rejectAll(error, (each) => isOurs || each.subject === subject);
    }
  };
  void watchStatus();
  void connection
    .closed()
    .then(() => rejectAll(new Error('the connection was closed'), () => true));

  return ({ subject, payload, headers }, timeoutMs) =>
    new Promise((resolve, reject) => {
      const token = String((asked += 1));
      const timer = setTimeout(() => take(token)?.reject(new Error('TIMEOUT')), timeoutMs);
      waiting.set(token, { subject, resolve, reject, timer });
      try {
        connection.publish(subject, payload, {
          headers: toHeaders(headers),
          reply: inbox + token,
        });
      } catch (thrown) {
        take(token)?.reject(toError(thrown));
      }
    });
}

function answerIn(message: Msg): StreamAnswer {
  const code = message.headers?.code;
  if (message.data.length === 0) {
    throw new Error(code === NO_RESPONDERS ? 'no stream answers' : 'an empty answer');
  }
  return message.json<StreamAnswer>();
}
