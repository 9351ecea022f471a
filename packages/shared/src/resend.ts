/**
 * Mail through Resend (https://resend.com/docs/api-reference/emails/send-email): one call per mail,
 * repeatable within 24 hours by its idempotency key as long as the body is the same to the byte.
 */
import { Resend, type ErrorResponse } from 'resend';
import { z } from 'zod';
import { AmbiguousError, ChannelStoppedError, PermanentError, TransientError } from './errors.ts';
import type { Limiter } from './limiter.ts';
import type { CallContext, TrackCall } from './provider-call.ts';

/** Their own gateway gives up after 10 s; a little more tells a slow answer from none. */
const TIMEOUT_MS = 15_000;
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

export interface ResendClient {
  /** Waits for this account's turn to send. To be called before the claim, which must not age. */
  turn(): Promise<void>;
  /**
   * Sends one mail; the same key and body within 24 hours send it once.
   * @returns the provider's id.
   * @throws AmbiguousError when it may have been sent; TransientError when it was not;
   * ChannelStoppedError for keys, domain and quotas; PermanentError for this mail.
   */
  send(mail: Mail, idempotencyKey: string, context: CallContext): Promise<string>;
}

export interface ResendOptions {
  apiKey: string;
  /** No trailing slash: the path is appended to it. */
  baseUrl: string;
  limiter: Limiter;
  track: TrackCall;
  timeoutMs?: number;
}

export function createResend(options: ResendOptions): ResendClient {
  const { limiter, track, timeoutMs = TIMEOUT_MS } = options;
  const client = new Resend(options.apiKey, { baseUrl: options.baseUrl });

  /** `ratelimit-policy: 5;w=1` is five requests in a window of one second. */
  const adapt = (headers: Record<string, string>): void => {
    const [, limit, seconds] = /^(\d+);\s*w=(\d+)/.exec(headers['ratelimit-policy'] ?? '') ?? [];
    if (limit !== undefined) limiter.adaptTo(Number(limit) / Number(seconds));
  };

  const post = async (mail: Mail, idempotencyKey: string): Promise<string> => {
    const { data, error, headers } = await client.emails.send(mail, {
      idempotencyKey,
      signal: AbortSignal.timeout(timeoutMs),
    });
    adapt(headers ?? {});
    if (!error) return data.id;
    const retryAfterMs = secondsToMs(headers?.['retry-after']);
    if (error.name === 'rate_limit_exceeded') await limiter.pauseFor(retryAfterMs ?? 1_000);
    throw classify(error, retryAfterMs);
  };

  return {
    turn: () => limiter.acquire(),
    send: (mail, idempotencyKey, context) =>
      track('resend.send', context, () => post(mail, idempotencyKey)),
  };
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
  // An earlier request with this key is still running: its end decides.
  concurrent_idempotent_requests: 'ambiguous',
  // An earlier request with this key had another body: it may have been sent, a new key would double it.
  invalid_idempotent_request: 'permanent',
};

function classify(error: ErrorResponse, retryAfterMs: number | undefined): Error {
  const { name, statusCode } = error;
  const told = statusCode === null ? name : `${statusCode} ${name}`;
  const message = `Resend: ${told}`;
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
function byStatus(status: number | null): 'stopped' | 'ambiguous' | 'permanent' {
  if (typeof status !== 'number' || status >= 500) return 'ambiguous';
  if (status === 401 || status === 403) return 'stopped';
  return 'permanent';
}

function secondsToMs(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value !== undefined && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}
