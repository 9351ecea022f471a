/** Has the referrer told of a commission: a mail and an SMS, by the notifier, once. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';
import type { UntoldCommission } from './store.ts';

const TYPE = 'referral_commission';

/** @throws TransientError when it was not stored */
export type TellReferrer = (commission: UntoldCommission) => Promise<void>;

/** The message's id follows from the conversion: asked for again it is the same message. */
export function createTellReferrer(
  bus: Pick<Bus, 'name' | 'publish'>,
  now: () => Date = () => new Date(),
): TellReferrer {
  return async ({ conversionId, commission, product, name, email, phone }) => {
    const messageId = derivedId('message', 'referral', conversionId);
    const number = readPhone(phone ?? '');
    const content = {
      type: TYPE,
      to: { name, email: readEmail(email ?? '').email, phone: number.phone },
      contactIssues: number.issue === 'phone_invalid' ? ['phone_invalid' as const] : [],
      data: { commission: String(commission), ...(product !== null && { product }) },
    } as const;
    const at = now().toISOString();
    const data = {
      messageId,
      ...content,
      contactIssues: [...content.contactIssues],
      sendAt: at,
      receivedAt: at,
      contentHash: contentHash(content),
    };
    await publishEvent(bus, 'message.requested.v1', data);
  };
}
