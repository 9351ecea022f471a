/** Facts into rows, each as it comes; what follows from them is settle.ts's. */
import { readEmail } from '@leadwire/shared/contacts/emails';
import type { EventOf, LeadCreated } from '@leadwire/shared/contract/events';
import { referralCodesIn } from '@leadwire/shared/delivery/referral-codes';
import type { Log } from '@leadwire/shared/runtime/log';
import type { ReferralStore } from './store.ts';

export type SaleEvent = EventOf<'sale.recorded.v1'> | EventOf<'sale.refunded.v1'>;
export type ReferralEvent = EventOf<'referrer.registered.v1'> | EventOf<'referral.clicked.v1'>;

export interface Ports {
  store: ReferralStore;
  settle: () => Promise<void>;
  log: Log;
}

/** Each may be repeated. @throws as the store */
export interface Handlers {
  onLead: (event: LeadCreated) => Promise<void>;
  onSale: (event: SaleEvent) => Promise<void>;
  onFact: (event: ReferralEvent) => Promise<void>;
}

export function createHandlers({ store, settle, log }: Ports): Handlers {
  return {
    /** Most leads carry no code and leave nothing here. */
    async onLead({ data: lead }: LeadCreated): Promise<void> {
      const [code, ...others] = referralCodesIn(lead);
      if (code === undefined) return;
      const { leadId, email, phone, receivedAt: leftAt } = lead;
      if (others.length > 0) {
        log.warn(
          { leadId, code, ignored: others },
          'a lead carries several codes: the first counts',
        );
      }
      await store.putLead({ leadId, code, email, phone: phoneOf(phone), leftAt });
      await settle();
    },

    async onSale({ type, data }: SaleEvent): Promise<void> {
      const { saleId, studentId } = data;
      if (type === 'sale.refunded.v1') {
        await store.putSale({ saleId, studentId, refundedAt: data.at });
      } else {
        const { product, amount, email, phone, dealId, at: soldAt } = data;
        // Its student is told as well, and nobody is paid twice for one person.
        if (dealId !== undefined) return;
        const contacts = { email: readEmail(email ?? '').email, phone: phoneOf(phone) };
        await store.putSale({ saleId, studentId, product, amount, ...contacts, soldAt });
      }
      await settle();
    },

    async onFact({ id, type, data }: ReferralEvent): Promise<void> {
      if (type === 'referral.clicked.v1') return store.countClick({ eventId: id, ...data });
      await store.putReferrer(data);
      await settle();
    },
  };
}

/** Only a number that was read as one ties two people together. */
function phoneOf(phone: string | null): string | null {
  return phone !== null && /^\+\d{7,15}$/.test(phone) ? phone : null;
}
