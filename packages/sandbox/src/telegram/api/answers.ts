/** How the Bot API words its answers: JSON with `ok`, and the web server's page when it is not there at all. */
import { nginxPage } from '../../amocrm/api/answers.ts';
import type { ProviderAnswer } from '../../world/provider.ts';

export type Parameters = { retry_after?: number; migrate_to_chat_id?: number };

const JSON_TYPE = { 'content-type': 'application/json' };

/** A refusal; thrown by whatever finds the reason, answered in one place. The message is the whole description. */
export class TelegramError extends Error {
  override readonly name = 'TelegramError';
  readonly code: number;
  readonly parameters: Parameters | undefined;
  constructor(code: number, description: string, parameters?: Parameters) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

const PREFIXES: Record<number, string> = { 400: 'Bad Request', 403: 'Forbidden', 409: 'Conflict' };

/** A refusal with its code's prefix; the first letter is lowered unless the text is a constant in capitals. */
export function refuse(
  code: 400 | 403 | 409,
  text: string,
  parameters?: Parameters,
): TelegramError {
  const isConstant = /^.[A-Z_]/.test(text);
  const worded = isConstant ? text : text.charAt(0).toLowerCase() + text.slice(1);
  return new TelegramError(code, `${PREFIXES[code]}: ${worded}`, parameters);
}

/** 429: the wait in whole seconds, in the body and in the header alike. */
export function tooMany(seconds: number): TelegramError {
  return new TelegramError(429, `Too Many Requests: retry after ${seconds}`, {
    retry_after: seconds,
  });
}

/** 200 with the result. */
export function done(result: unknown, description?: string): ProviderAnswer {
  const body = { ok: true, result, ...(description !== undefined && { description }) };
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(body), accepted: true };
}

/** The refusal as it goes out: the HTTP status is the error code. */
export function refused({ code, message, parameters }: TelegramError): ProviderAnswer {
  const wait = parameters?.retry_after;
  const body = {
    ok: false,
    error_code: code,
    description: message,
    ...(parameters !== undefined && { parameters }),
  };
  return {
    status: code,
    headers: { ...JSON_TYPE, ...(wait !== undefined && { 'retry-after': String(wait) }) },
    body: JSON.stringify(body),
    accepted: false,
  };
}

/** A breakdown: the Bot API's own 500, the front end's page for the rest (docs: 502 and 504 may be HTML). */
export function failure(status: number): ProviderAnswer {
  if (status > 500) return nginxPage(status);
  const words = status === 500 ? 'Internal Server Error: restart' : 'Bad Request';
  return refused(new TelegramError(status, status === 413 ? 'Request Entity Too Large' : words));
}
