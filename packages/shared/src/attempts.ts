/**
 * How often a message has really failed. The broker counts deliveries; some of those were nobody's
 * failure (a claim held by another worker, a provider that is down). These passes are written down
 * per message, so that what remains, including deliveries that ended in a crash, are attempts.
 */
import type { JsMsg } from 'nats';
import { isConflict, type Bus } from './bus.ts';
import type { ConsumerName } from './topology.ts';

/** Carries earlier attempts over when a message is published again for a later time. */
export const ATTEMPTS_HEADER = 'Leadwire-Attempts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/**
 * The number of this attempt, from 1. The passes are looked up only when a message comes again, so
 * the ordinary case costs nothing.
 */
export async function attemptsOf(bus: Bus, durable: ConsumerName, message: JsMsg): Promise<number> {
  return message.info.deliveryCount === 1
    ? deliveriesOf(message)
    : failedAttempts(bus, durable, message);
}

/** Deliveries of this message, the present one included, less those that were nobody's failure. */
export async function failedAttempts(
  bus: Bus,
  durable: ConsumerName,
  message: JsMsg,
): Promise<number> {
  return deliveriesOf(message) - (await readPasses(bus, durable, message)).count;
}

function deliveriesOf(message: JsMsg): number {
  const beforeItWasPublishedAgain = Number(message.headers?.get(ATTEMPTS_HEADER)) || 0;
  return message.info.deliveryCount + beforeItWasPublishedAgain;
}

/** Notes that the present delivery was nobody's failure. */
export async function recordPass(bus: Bus, durable: ConsumerName, message: JsMsg): Promise<void> {
  const bucket = await bus.bucket('passes');
  const { count, revision } = await readPasses(bus, durable, message);
  const value = String(count + 1);
  try {
    if (revision === 0) await bucket.create(passKey(durable, message), value);
    else await bucket.update(passKey(durable, message), value, revision);
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

async function readPasses(bus: Bus, durable: ConsumerName, message: JsMsg) {
  const entry = await (await bus.bucket('passes')).get(passKey(durable, message));
  return { count: Number(entry?.string() ?? 0) || 0, revision: entry?.revision ?? 0 };
}

function passKey(durable: ConsumerName, message: JsMsg): string {
  return `${durable}.${message.info.streamSequence}`;
}
