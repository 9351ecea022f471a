/**
 * The token in an unsubscribe link: the recipient's id and an HMAC over it, so that nobody can make one
 * up, nobody else's contact stands in an address, and a link works for as long as the secret does.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'uuid';

const ID_BYTES = 16;
const MAC_BYTES = 32;
/** What the HMAC is for: the same secret used for something else gives no tokens. */
const PURPOSE = 'leadwire unsubscribe v1\n';

/**
 * The token of a campaign's recipient: 64 characters of base64url (RFC 4648), the same for the same id.
 * @throws TypeError when the id is no UUID.
 */
export function unsubscribeToken(recipientId: string, secret: string): string {
  const id = parse(recipientId);
  return Buffer.concat([id, macOf(id, secret)]).toString('base64url');
}

/** Whose token it is, or undefined when it was not made with this secret. Compares in constant time. */
export function readUnsubscribeToken(token: string, secret: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{64}$/.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== ID_BYTES + MAC_BYTES) return undefined;
  const id = bytes.subarray(0, ID_BYTES);
  if (!timingSafeEqual(bytes.subarray(ID_BYTES), macOf(id, secret))) return undefined;
  return stringify(id);
}

function macOf(id: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(id).digest();
}
