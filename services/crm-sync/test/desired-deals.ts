/** Deals wished for as the handlers do it, for tests that use the service's parts directly. */
import { setTimeout as delay } from 'node:timers/promises';
import { SnoozeError, TransientError } from '@leadwire/shared/errors';
import type { Lead } from '@leadwire/shared/contract/events';
import type { Amocrm } from '../src/amocrm.ts';
import { leadNote } from '../src/deal-note.ts';
import { leadDealName, leadTags, trackingFields } from '../src/deal-text.ts';
import { createSyncDeal, type Synced } from '../src/sync-deal.ts';
import type { DealPorts, DesiredDeal } from '../src/desired-deal.ts';
import { STAGES } from './rig.ts';

const PATIENCE_MS = 90_000;
const RETRY_MS = 50;

/** What a lead wants of AmoCRM; with `stage` an open deal moves there. */
export function desiredFor(lead: Lead, stage?: number): DesiredDeal {
  return {
    id: lead.leadId,
    person: { name: lead.name, email: lead.email, phone: lead.phone },
    dealName: leadDealName(lead),
    stage: { id: stage ?? STAGES.first, movesOpenDeals: stage !== undefined },
    isProven: false,
    tags: leadTags(lead, { slugs: new Set(['spring_a']), methods: ['kaspi'] }),
    fields: trackingFields(lead, new Set()),
    note: (known) => leadNote(lead, { isUnknownPayment: false, known }),
  };
}

/** Tries again as the consumer does: until it is done, and not before the time that it was told to wait. */
export async function syncUntilDone(ports: DealPorts, desired: DesiredDeal): Promise<Synced> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await createSyncDeal(ports)(desired);
    } catch (thrown) {
      const isLater = thrown instanceof SnoozeError || thrown instanceof TransientError;
      if (!isLater || Date.now() > deadline) throw thrown;
      await delay(thrown.retryAfterMs ?? RETRY_MS);
    }
  }
}

/** AmoCRM whose first `count` new deals with their contacts wait for each other: then one call takes them. */
export function meetingInOneCall(original: Amocrm, count: number): Amocrm {
  let missing = count;
  let meet: () => void = () => undefined;
  const allAreHere = new Promise<void>((resolve) => (meet = resolve));
  const waiting = (amocrm: Amocrm): Amocrm => ({
    ...amocrm,
    async createDeal(...order) {
      missing -= 1;
      if (missing === 0) meet();
      await allAreHere;
      return amocrm.createDeal(...order);
    },
    about: (context) => waiting(amocrm.about(context)),
  });
  return waiting(original);
}
