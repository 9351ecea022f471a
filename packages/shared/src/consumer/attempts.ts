/**
 * How often a message has really failed. The broker counts deliveries; how each of them ended is written down per
 * message: a failed attempt, or a pass (a claim held by another worker, a provider that is down). What is left ended
 * without a word, in a crash.
 */
import type { JsMsg } from 'nats';
import { isConflict, type Bus } from '../broker/bus.ts';
import type { ConsumerName } from '../contract/consumers.ts';

/** Carries earlier attempts over when a message is published again for a later time. */
export const ATTEMPTS_HEADER = 'Leadwire-Attempts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/**
 * A process that dies takes along all messages that it holds, and only one of them, if any, was the cause: a service
 * that is restarted again and again must not use up the attempts of its bystanders. So deliveries that ended with no
 * word are counted apart, and so many for each attempt are forgiven: at one every ack_wait (30 s), an hour.
 */
export const CRASHES_PER_ATTEMPT = 10;

export interface History {
  /** The number of this attempt, from 1: only tries that failed, and said so, count. */
  attempt: number;
  /** Earlier deliveries that ended without a word: the process died, or the broker was away. */
  crashes: number;
}

/** Looked up only when a message comes again, so the ordinary case costs nothing. */
export async function historyOf(bus: Bus, durable: ConsumerName, message: JsMsg): Promise<History> {
  const before = Number(message.headers?.get(ATTEMPTS_HEADER)) || 0;
  const { deliveryCount } = message.info;
  if (deliveryCount === 1) return { attempt: before + 1, crashes: 0 };
  const { passes, failures } = await readEnds(bus, durable, message);
  const crashes = Math.max(0, deliveryCount - 1 - passes - failures);
  return { attempt: before + failures + 1, crashes };
}

/** Notes how the present delivery ended: as a failed attempt, or as a pass, which was nobody's failure. */
export async function recordEnd(
  bus: Bus,
  durable: ConsumerName,
  message: JsMsg,
  end: 'passes' | 'failures',
): Promise<void> {
  const bucket = await bus.bucket('passes');
  const { revision, ...ends } = await readEnds(bus, durable, message);
  const value = JSON.stringify({ ...ends, [end]: ends[end] + 1 });
  try {
    if (revision === 0) await bucket.create(keyOf(durable, message), value);
    else await bucket.update(keyOf(durable, message), value, revision);
  } catch (thrown) {
    if (!isConflict(thrown)) throw thrown;
  }
}

/**
 * Milliseconds until the next attempt: doubling from one second to five minutes, spread by ±20 % so
 * that messages which failed together do not come back together.
 */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
  return Math.round(base * (0.8 + 0.4 * random()));
}

interface Ends {
  passes: number;
  failures: number;
}

async function readEnds(
  bus: Bus,
  durable: ConsumerName,
  message: JsMsg,
): Promise<Ends & { revision: number }> {
  const entry = await (await bus.bucket('passes')).get(keyOf(durable, message));
  if (entry?.operation !== 'PUT') return { passes: 0, failures: 0, revision: entry?.revision ?? 0 };
  return { ...entry.json<Ends>(), revision: entry.revision };
}

function keyOf(durable: ConsumerName, message: JsMsg): string {
  return `${durable}.${message.info.streamSequence}`;
}
