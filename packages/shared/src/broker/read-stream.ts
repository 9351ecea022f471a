/**
 * Reads stored messages in order, many per request, without a consumer: the broker's batched direct
 * get (ADR-31, nats-server 2.11). The client's own `getBatch` knows only the last message of each
 * subject. Reads from any replica, so the newest messages may be missing for a moment.
 */
import { RequestStrategy, type Msg } from 'nats';
import type { Bus } from './bus.ts';
import { TransientError, toError } from '../errors.ts';

/** Messages in one answer: with the largest leads (32 KiB) still a few megabytes. */
const BATCH = 256;
const ANSWER_MS = 5_000;
const NOTHING_THERE = 404;
const END_OF_BATCH = 204;

export interface StoredMessage {
  seq: number;
  subject: string;
  /** When the broker stored it. */
  at: Date;
  data: Uint8Array;
  /** Undefined when it is not JSON. */
  json: unknown;
  readonly header: (name: string) => string | undefined;
}

export interface Selection {
  /** Wildcards allowed; everything by default. */
  subject?: string;
  /** From this sequence on, or from what was stored since then; from the beginning by default. */
  fromSeq?: number;
  since?: Date;
}

/**
 * Every message of a stream (or of the stream behind a bucket, `KV_<name>`) that is there now.
 * @throws TransientError when the broker does not answer.
 */
export async function* readStream(
  bus: Bus,
  stream: string,
  { subject = '>', fromSeq, since }: Selection = {},
): AsyncGenerator<StoredMessage> {
  let from: object = fromSeq === undefined && since ? { start_time: since } : { seq: fromSeq ?? 1 };
  for (;;) {
    const { messages, isLast } = await readBatch(bus, stream, { ...from, next_by_subj: subject });
    yield* messages;
    const last = messages.at(-1);
    if (isLast || !last) return;
    from = { seq: last.seq + 1 };
  }
}

async function readBatch(bus: Bus, stream: string, query: object) {
  const messages: StoredMessage[] = [];
  try {
    const answers = await bus.connection().requestMany(
      `$JS.API.DIRECT.GET.${stream}`,
      JSON.stringify({ ...query, batch: BATCH }),
      // Ends at the first empty answer: the end of the batch, or a message without content.
      { strategy: RequestStrategy.SentinelMsg, maxWait: ANSWER_MS },
    );
    let isWhole = false;
    for await (const answer of answers) {
      const code = answer.headers?.code ?? 0;
      if (code === NOTHING_THERE) return { messages, isLast: true };
      isWhole = code === END_OF_BATCH || answer.data.length === 0;
      if (code === END_OF_BATCH) break;
      if (code >= 400) throw new Error(`${code} ${answer.headers?.description ?? ''}`);
      messages.push(toStored(answer));
    }
    if (!isWhole) throw new Error('the answer was cut off');
    return { messages, isLast: false };
  } catch (thrown) {
    const error = toError(thrown);
    throw new TransientError(`${stream} could not be read: ${error.message}`, {
      cause: error,
      outage: true,
    });
  }
}

function toStored(answer: Msg): StoredMessage {
  const header = (name: string) => answer.headers?.get(name) || undefined;
  return {
    seq: Number(header('Nats-Sequence')),
    subject: header('Nats-Subject') ?? '',
    at: new Date(header('Nats-Time-Stamp') ?? 0),
    data: answer.data,
    json: jsonOf(answer),
    header,
  };
}

function jsonOf(answer: Msg): unknown {
  try {
    return answer.json();
  } catch {
    return undefined;
  }
}
