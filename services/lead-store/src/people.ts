/** What ties a fact to a person: a phone that was read as one, an address in lower case. */
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';

export interface Identity {
  /** E.164 */
  phone: string | null;
  email: string | null;
}

/** A phone that cannot be read and a text that is no address tie nobody to anybody. */
export function identityOf(contacts: { email: string | null; phone: string | null }): Identity {
  const { phone, issue } = readPhone(contacts.phone ?? '');
  const { email } = readEmail(contacts.email ?? '');
  return { phone: issue === undefined ? phone : null, email: email?.toLowerCase() ?? null };
}
