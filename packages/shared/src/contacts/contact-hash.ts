/**
 * What a person is counted by where no contact may stand: a keyed hash, so that nobody who reads a bucket can try all
 * phone numbers of a country.
 */
import { createHmac } from 'node:crypto';

/** Yandex gives each mailbox all of these domains. */
const YANDEX = /^(?:yandex\.(?:ru|kz|com|by|ua)|ya\.ru)$/;
const GMAIL = /^(?:gmail|googlemail)\.com$/;

/**
 * HMAC-SHA256 of a phone (E.164) or a mail address, as 32 characters that may stand in a key of the broker. Spellings
 * of one mailbox (case, `+tag`, the dots of Gmail) have one hash, or one person could be written to under each of them.
 */
export function contactHash(secret: string, contact: string): string {
  const counted = contact.includes('@') ? mailboxOf(contact) : contact.replace(/[^\d+]/g, '');
  return createHmac('sha256', secret).update(counted).digest('base64url').slice(0, 32);
}

function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1).toLowerCase();
  const [name = ''] = address.slice(0, at).toLowerCase().split('+');
  if (GMAIL.test(domain)) return `${name.replaceAll('.', '')}@gmail.com`;
  if (YANDEX.test(domain)) return `${name.replaceAll('.', '-')}@yandex.ru`;
  return `${name}@${domain}`;
}
