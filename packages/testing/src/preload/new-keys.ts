/**
 * Preloaded into mailer-batch: every call to Resend has a new idempotency key, as from a sender that makes its key when it
 * sends. The judge of campaigns must see the doubles.
 */
import { randomUUID } from 'node:crypto';

const HEADER = 'idempotency-key';
const send = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  const key = headers.get(HEADER);
  if (key === null) return send(input, init);
  headers.set(HEADER, `${key}-${randomUUID()}`);
  return send(input, { ...init, headers });
};
