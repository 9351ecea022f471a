/**
 * Mail through Mailgun (https://documentation.mailgun.com/docs/mailgun/api-reference). Unlike Resend it has no
 * idempotency key: a request that was not answered may have been taken, and the only way to know is to look for its
 * events, which may be half an hour late. So nothing is repeated here before it has been looked for.
 */
import { z } from 'zod';
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
  toError,
} from '../errors.ts';
import type { Limiter } from '../coordination/rate-limiter.ts';
import type { CallContext, TrackCall } from './call-log.ts';
import type { Mail } from './resend.ts';
import { noAnswerError } from './http.ts';

const TIMEOUT_MS = 15_000;
/** The official Go client reads this header; how long to wait when it is missing is nowhere said. */
const TOO_OFTEN_MS = 5_000;
/** A look-up begins a little before the request: clocks differ. */
const CLOCK_MARGIN_MS = 5 * 60_000;
/** More than one person gets in a day; the largest page there is. */
const EVENTS_PER_PAGE = 300;
/** What a mail is found by afterwards. They reach the recipient in a header: ids only. */
export interface MailgunNames {
  /** This request: one for each copy that a person asked for. */
  attemptId: string;
  deliveryId: string;
  /** `lead_id` or `message_id`, and whose. */
  about: Readonly<Record<string, string>>;
  template: string;
}

export type Found = { kind: 'taken'; id: string } | { kind: 'not_found' } | { kind: 'refused' };

export interface MailgunClient {
  /** Waits for this account's turn, with a claim right before it, as `Limiter.acquireWith`. */
  turnWith: Limiter['acquireWith'];
  /**
   * Sends one mail. A second call is a second mail.
   * @returns the provider's id, without brackets, as events and webhooks have it.
   * @throws AmbiguousError when it may have been sent; TransientError when it was not; ChannelStoppedError for key,
   * domain and money; PermanentError for this mail.
   */
  send(mail: Omit<Mail, 'tags'>, names: MailgunNames, context: CallContext): Promise<string>;
  /**
   * Looks for an earlier request by its events since `triedAt`. That none is there proves nothing for half an hour.
   * `refused`: the key may send but not look.
   */
  find(to: string, attemptId: string, triedAt: Date, context: CallContext): Promise<Found>;
}

export interface MailgunOptions {
  apiKey: string;
  /** The sending domain, part of every address of the API. */
  domain: string;
  /** No trailing slash; https://api.eu.mailgun.net for a domain in the EU. */
  baseUrl: string;
  limiter: Pick<Limiter, 'acquireWith' | 'pauseFor'>;
  track: TrackCall;
  timeoutMs?: number;
}

interface Answer {
  status: number;
  headers: Headers;
  /** Undefined for what is no JSON. */
  json: unknown;
}

export function createMailgun(options: MailgunOptions): MailgunClient {
  const { limiter, track, timeoutMs = TIMEOUT_MS } = options;
  const authorization = `Basic ${Buffer.from(`api:${options.apiKey}`).toString('base64')}`;
  const domainUrl = `${options.baseUrl}/v3/${encodeURIComponent(options.domain)}`;

  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    try {
      const response = await fetch(domainUrl + path, {
        ...init,
        headers: { authorization },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, json: parseJson(text) };
    } catch (thrown) {
      throw networkError(thrown);
    }
  };

  const post = async (mail: Omit<Mail, 'tags'>, names: MailgunNames): Promise<string> => {
    const answer = await call('/messages', { method: 'POST', body: formOf(mail, names) });
    if (answer.status === 200) return readId(answer.json);
    const retryAfterMs = retryAfter(answer.headers);
    if (answer.status === 429) await limiter.pauseFor(retryAfterMs ?? TOO_OFTEN_MS);
    throw classify(answer, retryAfterMs);
  };

  const look = async (to: string, attemptId: string, triedAt: Date): Promise<Found> => {
    const query = new URLSearchParams({
      recipient: to,
      begin: String(Math.floor((triedAt.getTime() - CLOCK_MARGIN_MS) / 1_000)),
      ascending: 'yes',
      limit: String(EVENTS_PER_PAGE),
    });
    const answer = await call(`/events?${query.toString()}`, { method: 'GET' });
    if (answer.status === 401 || answer.status === 403) return { kind: 'refused' };
    const events = eventsSchema.safeParse(answer.json).data?.items;
    if (answer.status !== 200 || events === undefined) {
      throw new TransientError(`Mailgun: events: HTTP ${answer.status}`, { outage: true });
    }
    const ours = events.find((event) => event['user-variables']?.attempt_id === attemptId);
    if (ours === undefined) return { kind: 'not_found' };
    return { kind: 'taken', id: ours.message?.headers?.['message-id'] ?? '' };
  };

  return {
    turnWith: (claim, isOurs, turn) => limiter.acquireWith(claim, isOurs, turn),
    send: (mail, names, context) => track('mailgun.send', context, () => post(mail, names)),
    find: (to, attemptId, triedAt, context) =>
      track('mailgun.find', context, () => look(to, attemptId, triedAt)),
  };
}

/** Tracking off: links and pictures stay as they were written. One tag, the template: an account has few of them. */
function formOf(mail: Omit<Mail, 'tags'>, names: MailgunNames): URLSearchParams {
  const { attemptId, deliveryId, about, template } = names;
  const variables = { attempt_id: attemptId, delivery_id: deliveryId, template, ...about };
  return new URLSearchParams({
    from: mail.from,
    to: mail.to,
    subject: mail.subject,
    html: mail.html,
    text: mail.text,
    'o:tag': template,
    'o:tracking': 'no',
    ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [`v:${name}`, value])),
  });
}

const answerSchema = z.object({ id: z.string().min(1) });
const eventsSchema = z.object({
  items: z.array(
    z.object({
      'user-variables': z.object({ attempt_id: z.string().optional() }).optional(),
      message: z
        .object({ headers: z.object({ 'message-id': z.string().optional() }).optional() })
        .optional(),
    }),
  ),
});

/** The answer has the id in brackets, events have it without. */
function readId(json: unknown): string {
  const id = answerSchema.safeParse(json).data?.id;
  if (id === undefined) throw new AmbiguousError('Mailgun: unreadable answer', { outage: true });
  return id.replace(/^<|>$/g, '');
}

function networkError(thrown: unknown): Error {
  const { cause } = toError(thrown) as { cause?: { code?: unknown } };
  return noAnswerError('Mailgun', typeof cause?.code === 'string' ? cause.code : undefined);
}

/** Their words are left out: they quote addresses. 402 is in an older table: valid, but the account may not. */
function classify({ status, json }: Answer, retryAfterMs: number | undefined): Error {
  const message = `Mailgun: HTTP ${status}`;
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401 || status === 402 || status === 403) return new ChannelStoppedError(message);
  // An unknown domain, or one of the other region; without JSON the path itself is wrong.
  if (status === 404) return new ChannelStoppedError(`${message}: domain or region`);
  // 420 was seen for an account's hourly cap.
  if (status === 429 || status === 420) {
    return new TransientError(message, { retryAfterMs: TOO_OFTEN_MS, ...retry, outage: true });
  }
  if (status >= 500 || (status < 400 && status >= 200)) {
    return new AmbiguousError(message, { ...retry, outage: true });
  }
  return new PermanentError(json === undefined ? 'mailgun_refused' : `mailgun_${status}`, message);
}

/** `X-RateLimit-Reset` is a moment in Unix seconds. */
function retryAfter(headers: Headers): number | undefined {
  const reset = Number(headers.get('x-ratelimit-reset') ?? NaN);
  if (Number.isFinite(reset)) return Math.max(1_000, reset * 1_000 - Date.now());
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
