/**
 * Preloaded into mailer-batch: every call to Resend has a new idempotency key, as from a sender that makes its key when it
 * sends. The judge of campaigns must see the doubles.
 */
import { randomUUID } from 'node:crypto';
import { OutgoingMessage } from 'node:http';

const HEADER = 'idempotency-key';

// Batches leave through Node's own client (providers/post-bytes.ts).
const setHeader: unknown = Reflect.get(OutgoingMessage.prototype, 'setHeader');
OutgoingMessage.prototype.setHeader = function (name, value) {
  const isKey = name.toLowerCase() === HEADER;
  const sent = isKey ? `${String(value)}-${randomUUID()}` : value;
  return Reflect.apply(setHeader as typeof this.setHeader, this, [name, sent]);
};
