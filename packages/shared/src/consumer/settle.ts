/** The two ways in which an unhandled message leaves a worker's hands without being lost. */
import type { JsMsg } from 'nats';
import { ATTEMPTS_HEADER, historyOf, recordEnd } from './attempts.ts';
import type { Bus } from '../broker/bus.ts';
import { PermanentError } from '../errors.ts';
import { consumers, type ConsumerName } from '../contract/consumers.ts';
import type { StreamSpec } from '../contract/streams.ts';
import { streams, subjects } from '../contract/topology.ts';

/** Longer waits do not belong on a negative ack: each one counts against the broker's pending limit. */
const LONGEST_NAK_MS = 60_000;

interface Retry {
  bus: Bus;
  durable: ConsumerName;
  message: JsMsg;
  delayMs: number;
  /** The delivery was nobody's failure. */
  isSnooze: boolean;
}

/**
 * Gives the message back for later. A long wait becomes a new schedule where the stream has them
 * (published first, then acknowledged: a crash between the two leaves a duplicate, never a gap).
 */
export async function retryLater({
  bus,
  durable,
  message,
  delayMs,
  isSnooze,
}: Retry): Promise<void> {
  const { schedules }: StreamSpec = streams[consumers[durable].stream];
  if (delayMs > LONGEST_NAK_MS && schedules && message.subject.startsWith(schedules.due)) {
    const { attempt } = await historyOf(bus, durable, message);
    const attempts = isSnooze ? attempt - 1 : attempt;
    await bus.schedule(
      {
        pending: schedules.pending + message.subject.slice(schedules.due.length),
        due: message.subject,
        at: new Date(Date.now() + delayMs),
        headers: { [ATTEMPTS_HEADER]: String(attempts) },
      },
      message.data,
    );
    await message.ackAck();
    return;
  }
  await recordEnd(bus, durable, message, isSnooze ? 'passes' : 'failures');
  message.nak(Math.min(delayMs, LONGEST_NAK_MS));
}

/**
 * Copies the message with its cause to DEAD_LETTERS, waits until the copy is stored, then removes
 * the original.
 */
export async function buryMessage(
  bus: Bus,
  durable: ConsumerName,
  message: JsMsg,
  error: Error,
  attempts: number,
): Promise<void> {
  const { stream } = consumers[durable];
  const seq = message.info.streamSequence;
  await bus.publish(subjects.dead(durable, message.subject), message.data, {
    msgId: `dead:${durable}:${stream}:${seq}`,
    headers: {
      'App-Error': headerText(error.message),
      'App-Error-Code': error instanceof PermanentError ? error.code : error.name,
      'App-Attempts': String(attempts),
      'App-Durable': durable,
      'App-Stream': stream,
      'App-Stream-Seq': String(seq),
      'App-Died-At': new Date().toISOString(),
    },
  });
  message.term(headerText(error.message));
}

/** Header values are one line of at most 500 characters. */
function headerText(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').slice(0, 500);
}
