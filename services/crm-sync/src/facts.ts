/** What crm-sync tells the others: facts about deals, and alerts. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent, type CrmRecord } from '@leadwire/shared/contract/events';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';

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
      const { leadId, outcome } = record;
      const id = derivedId('crm', contentHash(record));
      const data = record;
      const event = makeEvent('crm.recorded.v1', { source: bus.name, subject: leadId, id, data });
      await bus.publish(subjects.crm(outcome, leadId), event);
    },
    async warn(what, message) {
      const at = new Date().toISOString();
      const data = { severity: 'warning', what, message, at } as const;
      const event = makeEvent('alert.raised.v1', { source: bus.name, subject: what, data });
      // Every lead runs into the same missing stage: one alert for all of them within two minutes.
      await bus.publish(subjects.alert('warning', what), event, { msgId: `${what}:${message}` });
    },
  };
}
