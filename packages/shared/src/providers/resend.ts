/**
 * Mail through Resend (https://resend.com/docs/api-reference/emails/send-email): one call per mail or per
 * batch of up to 100, repeatable within 24 hours by its idempotency key as long as the body is the same
 * to the byte.
 */
import { Resend } from 'resend';
import { z } from 'zod';
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
  toError,
} from '../errors.ts';
import type { Limiter, Turn } from '../coordination/rate-limiter.ts';
import type { CallContext, TrackCall } from './call-log.ts';
import { postBytes } from './post-bytes.ts';

/** Their own gateway gives up after 10 s; a little more tells a slow answer from none. */
const TIMEOUT_MS = 15_000;
/** A batch of 100 mails is a megabyte or two. */
const BATCH_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;
const QUOTA_PROBE_MS = 15 * 60_000;

export const mailSchema = z.object({
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  html: z.string(),
  text: z.string(),
  tags: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type Mail = z.infer<typeof mailSchema>;

/** A mail of a batch; headers are its own. */
export type BatchMail = Mail & { headers: Record<string, string> };

/** The bytes of the request (a JSON array of BatchMail), and how many mails they are. */
export interface MailBatch {
  body: Uint8Array;
  count: number;
}

/** One for each mail of the batch, in its order. */
export type BatchAnswer = readonly ({ id: string } | { refused: string })[];

export interface ResendClient {
  /** Waits for this account's turn to send. */
  turn(turn?: Turn): Promise<void>;
  /** The same with a claim right before it, as `Limiter.acquireWith`. */
  turnWith: Limiter['acquireWith'];
  /**
   * Sends one mail; the same key and body within 24 hours send it once.
   * @returns the provider's id.
   * @throws AmbiguousError when it may have been sent; TransientError when it was not;
   * ChannelStoppedError for keys, domain and quotas; PermanentError for this mail.
   */
  send(mail: Mail, idempotencyKey: string, context: CallContext): Promise<string>;
  /** Whether Resend answers a request to send that cannot send anything, because it names nobody. Never throws. */
  ping(): Promise<boolean>;
  /**
   * The same key and bytes within 24 hours send it once. A mail that Resend refuses fails alone.
   * @throws as `send`; PermanentError `answer_does_not_fit` when the batch was taken but nobody can say
   * which id is whose.
   */
  sendBatch(batch: MailBatch, idempotencyKey: string, context: CallContext): Promise<BatchAnswer>;
}

export interface ResendOptions {
  apiKey: string;
  /** No trailing slash: the path is appended to it. */
  baseUrl: string;
  limiter: Pick<Limiter, 'acquire' | 'acquireWith' | 'adaptTo' | 'pauseFor'>;
  track: TrackCall;
  timeoutMs?: number;
}

/** As the SDK and as Node tell them. */
type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What an error of Resend is told by; `statusCode` is null when there was no answer, or none that could be read. */
interface ResendFailure {
  name: string;
  statusCode: number | null;
}

export function createResend(options: ResendOptions): ResendClient {
  const { limiter, track, timeoutMs = TIMEOUT_MS } = options;
  const client = new Resend(options.apiKey, { baseUrl: options.baseUrl });

  /** `ratelimit-policy: 5;w=1` is five requests in a window of one second. */
  const adapt = async (headers: AnswerHeaders): Promise<void> => {
    const policy = String(headers['ratelimit-policy'] ?? '');
    const [, limit, seconds] = /^(\d+);\s*w=(\d+)/.exec(policy) ?? [];
    if (limit !== undefined) await limiter.adaptTo(Number(limit) / Number(seconds));
  };

  const post = async (mail: Mail, idempotencyKey: string): Promise<string> => {
    const { data, error, headers } = await client.emails.send(mail, {
      idempotencyKey,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await adapt(headers ?? {});
    if (!error) return data.id;
    const retryAfterMs = secondsToMs(headers?.['retry-after']);
    if (error.name === 'rate_limit_exceeded') await limiter.pauseFor(retryAfterMs ?? 1_000);
    throw classify(error, retryAfterMs);
  };

  /** Not through the SDK: it would make the bytes anew, and the hash of these decides about repeats. */
  const postBatch = async (
    { body, count }: MailBatch,
    idempotencyKey: string,
  ): Promise<BatchAnswer> => {
    const answer = await postBytes(`${options.baseUrl}/emails/batch`, body, {
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey,
        'x-batch-validation': 'permissive',
      },
      timeoutMs: options.timeoutMs ?? BATCH_TIMEOUT_MS,
    }).catch((thrown: unknown) => {
      throw new AmbiguousError('Resend: no answer', { cause: toError(thrown), outage: true });
    });
    const { status, headers } = answer;
    const json = readJson(answer.text);
    await adapt(headers);
    if (status >= 200 && status < 300) return readBatchAnswer(json, count);
    const retryAfterMs = secondsToMs(headers['retry-after']);
    const failure = readFailure(status, json);
    if (failure.name === 'rate_limit_exceeded') await limiter.pauseFor(retryAfterMs ?? 1_000);
    throw classify(failure, retryAfterMs);
  };

  const ping = (): Promise<boolean> =>
    fetch(`${options.baseUrl}/emails`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        'content-type': 'application/json',
      },
      body: '{}',
      signal: AbortSignal.timeout(PING_TIMEOUT_MS),
    }).then(
      ({ status }) => status === 400 || status === 422,
      () => false,
    );

  return {
    ping,
    turn: (turn) => limiter.acquire(turn),
    turnWith: (claim, isOurs, turn) => limiter.acquireWith(claim, isOurs, turn),
    send: (mail, idempotencyKey, context) =>
      track('resend.send', context, () => post(mail, idempotencyKey)),
    sendBatch: (batch, idempotencyKey, context) =>
      track('resend.send_batch', context, () => postBatch(batch, idempotencyKey)),
  };
}

/** Undefined for what is no JSON: a gateway's page, an answer that was cut off. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const batchAnswerSchema = z.object({
  data: z.array(z.object({ id: z.string() })),
  errors: z.array(z.object({ index: z.number().int(), message: z.string() })).default([]),
});

/**
 * Permissive validation: `data` has the ids of the accepted mails only, `errors` the places of the others
 * (https://resend.com/docs/api-reference/emails/send-batch-emails).
 */
function readBatchAnswer(json: unknown, count: number): BatchAnswer {
  if (json === undefined) throw new AmbiguousError('Resend: unreadable answer', { outage: true });
  const read = batchAnswerSchema.safeParse(json);
  const refused = new Map(read.data?.errors.map(({ index, message }) => [index, message]));
  if (!read.success || read.data.data.length + refused.size !== count) {
    throw new PermanentError('answer_does_not_fit', 'Resend: the answer does not fit the batch');
  }
  const ids = read.data.data.values();
  return Array.from({ length: count }, (_, index) => {
    const message = refused.get(index);
    return message === undefined ? { id: ids.next().value?.id ?? '' } : { refused: message };
  });
}

const failureSchema = z.object({ name: z.string() });

/** What is not in Resend's words comes from something in between, and says little about the batch. */
function readFailure(status: number, json: unknown): ResendFailure {
  const own = failureSchema.safeParse(json).data?.name;
  const between = status === 429 ? 'rate_limit_exceeded' : 'unreadable_answer';
  return { name: own ?? between, statusCode: status };
}

/**
 * What each of Resend's errors means for us (https://resend.com/docs/api-reference/errors and the
 * SDK's own lists). What is not here goes by its status.
 */
const MEANING: Record<string, 'stopped' | 'quota' | 'again' | 'ambiguous' | 'permanent'> = {
  missing_api_key: 'stopped',
  invalid_api_key: 'stopped',
  invalid_api_Key: 'stopped',
  restricted_api_key: 'stopped',
  suspended_api_key: 'stopped',
  invalid_permission: 'stopped',
  invalid_access: 'stopped',
  email_above_quota: 'stopped',
  invalid_from_address: 'stopped',
  invalid_region: 'stopped',
  daily_quota_exceeded: 'quota',
  monthly_quota_exceeded: 'quota',
  rate_limit_exceeded: 'again',
  resource_locked: 'again',
  unreadable_answer: 'ambiguous',
  // An earlier request with this key is still running: its end decides.
  concurrent_idempotent_requests: 'ambiguous',
  // An earlier request with this key had another body: it may have been sent, a new key would double it.
  invalid_idempotent_request: 'permanent',
};

function classify(error: ResendFailure, retryAfterMs: number | undefined): Error {
  const { name, statusCode } = error;
  const detail = statusCode === null ? name : `${statusCode} ${name}`;
  const message = `Resend: ${detail}`;
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  switch (MEANING[name] ?? byStatus(statusCode)) {
    case 'stopped':
      return new ChannelStoppedError(message, retry);
    case 'quota':
      return new ChannelStoppedError(message, { retryAfterMs: retryAfterMs ?? QUOTA_PROBE_MS });
    case 'again':
      return new TransientError(message, { retryAfterMs: retryAfterMs ?? 1_000, outage: true });
    case 'ambiguous':
      return new AmbiguousError(message, { ...retry, outage: true });
    case 'permanent':
      return new PermanentError(name, message);
  }
}

/**
 * No status: no answer, or one that could not be read; the mail may have been accepted. A 403 that
 * is called validation_error is about the domain or the account, not about this mail.
 */
function byStatus(status: number | null): 'stopped' | 'again' | 'ambiguous' | 'permanent' {
  if (typeof status !== 'number' || status >= 500) return 'ambiguous';
  if (status === 401 || status === 403) return 'stopped';
  if (status === 429) return 'again';
  return 'permanent';
}

function secondsToMs(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value !== undefined && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}
