/** A person's phone and address together, and the one form in which campaigns keep a contact. */
import type { Channel } from '../contract/events.ts';
import { readEmail, readEmails, type Email } from './emails.ts';
import { readPhone, readPhones, type Phone } from './phones.ts';

/** Reads both fields of a form. People fill in one for the other: what a field lacks is looked for there. */
export function readContacts(typed: { email: string; phone: string }): {
  address: Email;
  number: Phone;
} {
  const [address, number] = [readEmail(typed.email), readPhone(typed.phone)];
  const [otherAddress] = address.email === null ? readEmails(typed.phone) : [];
  const isNumber = number.phone !== null && number.issue === undefined;
  const [otherNumber] = isNumber ? [] : readPhones(typed.email.replace(/\S*@\S*/gu, ' '));
  const typedPhone = number.phone === null ? {} : { asTyped: number.phone };
  return {
    address: otherAddress === undefined ? address : readEmail(otherAddress),
    number:
      otherNumber === undefined ? number : { phone: otherNumber, isUsable: true, ...typedPhone },
  };
}

/** Why there is no contact in a text. */
export type NoContact =
  'contact_missing' | 'contact_invalid' | 'phone_rounded' | 'phone_cut_by_mask';

/**
 * A contact in the one form under which campaigns keep and compare it: a mail address in lower case as a whole
 * (nobody's mailbox tells `Anna@` from `anna@`), a phone in E.164.
 */
export function contactFor(
  channel: Channel,
  typed: string,
): { contact: string } | { reason: NoContact } {
  if (channel === 'email') {
    const { email, issue } = readEmail(typed);
    if (email !== null) return { contact: email.toLowerCase() };
    return { reason: issue === 'email_missing' ? 'contact_missing' : 'contact_invalid' };
  }
  const { phone, issue, damage } = readPhone(typed);
  if (phone !== null && issue === undefined) return { contact: phone };
  if (damage !== undefined) {
    return { reason: damage === 'mask' ? 'phone_cut_by_mask' : 'phone_rounded' };
  }
  return { reason: issue === 'phone_missing' ? 'contact_missing' : 'contact_invalid' };
}
