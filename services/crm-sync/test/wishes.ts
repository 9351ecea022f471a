/** Deals wished for as the handlers do it, for tests that use the service's parts directly. */
import { SnoozeError, TransientError } from '@leadwire/shared/errors';
import type { Lead } from '@leadwire/shared/contract/events';
import { leadDealName, leadNote, leadTags, utmFields } from '../src/deal-text.ts';
import { createSyncDeal, type Synced } from '../src/sync-deal.ts';
import type { DealPorts, DesiredDeal } from '../src/desired-deal.ts';
import { STAGES } from './rig.ts';

const PATIENCE_MS = 90_000;

/** A lead's wish; with `stage` an open deal moves there. */
export function wishFor(lead: Lead, stage?: number): DesiredDeal {
  return {
    id: lead.leadId,
    person: { name: lead.name, email: lead.email, phone: lead.phone },
    dealName: leadDealName(lead),
    stage: { id: stage ?? STAGES.first, movesOpenDeals: stage !== undefined },
    tags: leadTags(lead),
    fields: utmFields(lead),
    note: leadNote(lead, { isUnknownPayment: false }),
  };
}

/** Again and again, as the consumer does it. */
export async function syncUntilDone(ports: DealPorts, wish: DesiredDeal): Promise<Synced> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await createSyncDeal(ports)(wish);
    } catch (thrown) {
      const isLater = thrown instanceof SnoozeError || thrown instanceof TransientError;
      if (!isLater || Date.now() > deadline) throw thrown;
    }
  }
}
