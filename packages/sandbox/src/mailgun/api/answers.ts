import type { ProviderAnswer } from '../../world/provider.ts';

/** A refusal as Mailgun words it: JSON with a message, or bare text where `isText`. */
export class MailgunError extends Error {
  override readonly name = 'MailgunError';
  readonly status: number;
  readonly isText: boolean;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, isText = false, headers = {}) {
    super(message);
    this.status = status;
    this.isText = isText;
    this.headers = headers;
  }
}

/** 200 with a JSON body. */
export function done(body: unknown): ProviderAnswer {
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: JSON.stringify(body), accepted: true };
}

export function refused({ status, message, isText, headers }: MailgunError): ProviderAnswer {
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const body = isText ? message : JSON.stringify({ message });
  return { status, headers: { 'content-type': type, ...headers }, body, accepted: false };
}

/** Their own breakdown: JSON as from their servers, whatever stands in front of them. */
export function failure(status: number): ProviderAnswer {
  return refused(new MailgunError(status, status === 413 ? 'Payload Too Large' : 'Server Error'));
}
