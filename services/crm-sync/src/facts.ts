/** What crm-sync tells the others: facts about deals, and alerts. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { type CrmRecord } from '@leadwire/shared/contract/events';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';

export interface Facts {
  /** Tells what became of a lead's deal; the same record told twice is one fact. */
  tell(record: CrmRecord): Promise<void>;
  /** Something in AmoCRM does not fit the configuration; a person should look. */
  warn(what: string, message: string): Promise<void>;
}

/** Both throw TransientError when the broker did not confirm. */
export function createFacts(bus: Bus): Facts {
  return {
    async tell(record) {
      const id = derivedId('crm', contentHash(record));
      await publishEvent(bus, 'crm.recorded.v1', record, { id });
    },
    async warn(what, message) {
      const at = new Date().toISOString();
      const data = { severity: 'warning', what, message, at } as const;
      // Every lead runs into the same missing stage: one alert for all of them within two minutes.
      await publishEvent(bus, 'alert.raised.v1', data, { msgId: `${what}:${message}` });
    },
  };
}
