/**
 * The token in an unsubscribe link: the recipient's id and an HMAC over it, so that nobody can make one
 * up, nobody else's contact stands in an address, and a link works for as long as the secret does. What its page calls
 * the person (their own address, masked) may follow, sealed: the page has no database to ask.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import { parse, stringify } from 'uuid';

const ID_BYTES = 16;
const MAC_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Characters of base64url for the id and its HMAC. */
const SIGNED_CHARACTERS = ((ID_BYTES + MAC_BYTES) / 3) * 4;
/** What each key is for: the same secret used for something else gives no tokens. */
const PURPOSE = 'leadwire unsubscribe v1\n';
const SHOWN_KEY = 'leadwire unsubscribe shown v1\n';

/**
 * The token of a campaign's recipient: base64url (RFC 4648), the same for the same arguments, because a mail that is
 * tried again has to have the same bytes.
 * @param shown what the page calls the person, such as `a•••@mail.kz`; nothing without it
 * @throws TypeError when the id is no UUID.
 */
export function unsubscribeToken(recipientId: string, secret: string, shown = ''): string {
  const id = parse(recipientId);
  const signed = Buffer.concat([id, macOf(id, secret)]);
  return Buffer.concat([signed, sealShown(id, shown, secret)]).toString('base64url');
}

export interface UnsubscribeLink {
  recipientId: string;
  /** What the page calls the person; undefined in older links. */
  shown: string | undefined;
}

/** Whose token it is, or undefined when it was not made with this secret. Compares in constant time. */
export function readUnsubscribeToken(token: string, secret: string): UnsubscribeLink | undefined {
  if (!/^[A-Za-z0-9_-]{64,400}$/.test(token)) return undefined;
  const signed = Buffer.from(token.slice(0, SIGNED_CHARACTERS), 'base64url');
  const id = signed.subarray(0, ID_BYTES);
  if (!timingSafeEqual(signed.subarray(ID_BYTES), macOf(id, secret))) return undefined;
  // A mail program that cut the end off has not made the person's wish unreadable.
  const shown = openShown(id, Buffer.from(token.slice(SIGNED_CHARACTERS), 'base64url'), secret);
  return { recipientId: stringify(id), shown };
}

function macOf(id: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', keysOf(secret).signing).update(PURPOSE).update(id).digest();
}

let lastKeys: { secret: string; signing: KeyObject; shown: KeyObject } | undefined;

/** A process has one secret: its keys are made once, and not for each of 100,000 links. */
function keysOf(secret: string) {
  if (lastKeys?.secret === secret) return lastKeys;
  const shown = createHmac('sha256', secret).update(SHOWN_KEY).digest();
  const signing = createSecretKey(Buffer.from(secret));
  lastKeys = { secret, signing, shown: createSecretKey(shown) };
  return lastKeys;
}

/** AES-256-GCM bound to the id. Its IV is made of what is sealed: never the same one for two texts. */
function sealShown(id: Uint8Array, shown: string, secret: string): Buffer {
  if (shown === '') return Buffer.alloc(0);
  const key = keysOf(secret).shown;
  const iv = createHmac('sha256', key).update(id).update(shown).digest().subarray(0, IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(id);
  const body = Buffer.concat([cipher.update(shown, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function openShown(id: Uint8Array, sealed: Buffer, secret: string): string | undefined {
  if (sealed.length <= IV_BYTES + TAG_BYTES) return undefined;
  try {
    const iv = sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', keysOf(secret).shown, iv).setAAD(id);
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const body = sealed.subarray(IV_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
