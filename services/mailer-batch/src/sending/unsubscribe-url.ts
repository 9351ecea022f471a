/** The link to one's mails at the end of a campaign's mail: the same for the same person each time it is made. */
import { maskContact } from '@leadwire/operations/masking/mask';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';

export interface UnsubscribeUrlOptions {
  /** Where landing-api is reached. */
  publicBaseUrl: string;
  unsubscribeSecret: string;
}

export function unsubscribeUrl(
  { publicBaseUrl, unsubscribeSecret }: UnsubscribeUrlOptions,
  recipientId: string,
  contact: string,
): string {
  // The page calls the person by it.
  const shown = maskContact(contact);
  return `${publicBaseUrl}/u/${unsubscribeToken(recipientId, unsubscribeSecret, shown)}`;
}
