/** Mail addresses that do not exist: what was sent there came back for good. Known by keyed hashes. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import type { ContactSuppressed } from '@leadwire/shared/contract/events';

export interface BouncedAddresses {
  /** Remembers the address of a fact that tells of a bounce; others are not for leads to obey. */
  note(event: ContactSuppressed): Promise<void>;
  /** @throws TransientError when the broker does not answer. */
  has(hash: string): Promise<boolean>;
}

export function createBouncedAddresses(bus: Pick<Bus, 'bucket'>, secret: string): BouncedAddresses {
  return {
    async note({ data: { reason, channel, contact, at } }) {
      if (reason !== 'bounced' || channel !== 'email' || contact === undefined) return;
      await (await bus.bucket('bounced')).put(contactHash(secret, contact), JSON.stringify({ at }));
    },

    async has(hash) {
      return (await (await bus.bucket('bounced')).get(hash))?.operation === 'PUT';
    },
  };
}
