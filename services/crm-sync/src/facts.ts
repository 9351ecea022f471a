/** What crm-sync tells the others: facts about deals, and alerts. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { type CrmRecord } from '@leadwire/shared/contract/events';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { namesIn } from './refused-fields.ts';

export interface Facts {
  /** Tells what became of a lead's deal; the same record told twice is one fact. */
  tell(record: CrmRecord): Promise<void>;
  /** What AmoCRM refused of a deal, in the words of `problemOf`: a person should look. */
  refused(problem: string): Promise<void>;
  /** A deal was made with all of this, in the words of `carriedBy`: what was refused and is among it is mended. */
  carried(names: readonly string[]): Promise<void>;
}

const WHAT = 'amocrm_mapping';
/** Whether something is to be mended is looked up this often while deals are made. */
const LOOK_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** All throw TransientError when the broker did not confirm. */
export function createFacts(bus: Bus, now: () => number = Date.now): Facts {
  const alerts = createAlerts(bus);
  let lookAt = 0;
  return {
    async tell(record) {
      const id = derivedId('crm', contentHash(record));
      await publishEvent(bus, 'crm.recorded.v1', record, { id });
    },
    async refused(problem) {
      lookAt = 0;
      // Every lead runs into the same missing stage: one alert for all of them within two minutes.
      const alert = { severity: 'warning', what: WHAT, message: problem } as const;
      await alerts.report(alert, `${WHAT}:${problem}`);
    },
    async carried(names) {
      if (now() < lookAt) return;
      const ifTold = (problem: string) => namesIn(problem).every((name) => names.includes(name));
      await alerts.resolve(WHAT, 'a deal was made with what AmoCRM had refused', { ifTold });
      // What a deal does not carry by a name (a note, a contact's field) comes again while it goes on.
      await alerts.resolve(WHAT, 'AmoCRM refused nothing for a day', { ifOlderThanMs: DAY_MS });
      lookAt = now() + LOOK_MS;
    },
  };
}
