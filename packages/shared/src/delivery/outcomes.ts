/** Telling what became of deliveries, for every service that makes some. */
import type { Bus } from '../broker/bus.ts';
import { newEvent, publishMade } from '../broker/publish-event.ts';
import type { DeliveryOutcome } from '../contract/events.ts';
import { derivedId, newId } from '../contract/ids.ts';
import { isSettled, type LedgerEntry } from './ledger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { subjects } from '../contract/topology.ts';

export interface DeliveryFacts {
  /** Tells that a delivery is planned, once however often it is called. */
  planned(entry: LedgerEntry): Promise<void>;
  /** Tells how a delivery ended, once however often it is called. */
  outcome(entry: LedgerEntry): Promise<void>;
}

/** All methods throw TransientError when the broker did not confirm. Without `metrics` (a command) nothing is counted. */
export function createDeliveryFacts(
  bus: Pick<Bus, 'name' | 'publish'>,
  metrics: Pick<Metrics, 'deliveries' | 'skipped'> | undefined,
): DeliveryFacts {
  const tell = async (
    entry: LedgerEntry,
    { outcome, at, id }: { outcome: DeliveryOutcome; at: string; id: string },
  ) => {
    const { deliveryId, leadId, about, channel, template, dueAt, attempts } = entry;
    const { provider, providerId, reason, error, shortLink } = entry;
    const data = {
      deliveryId,
      leadId,
      channel,
      template,
      outcome,
      at,
      attempts,
      scheduledFor: dueAt,
      ...(about !== undefined && { about }),
      ...(provider !== undefined && { provider }),
      ...(providerId !== undefined && { providerId }),
      ...(reason !== undefined && { reason }),
      ...(error !== undefined && { error }),
      ...(shortLink !== undefined && { shortLink }),
    };
    const event = newEvent(bus.name, 'delivery.recorded.v1', data, id);
    const onceUnder = subjects.delivery(channel, outcome, deliveryId);
    const told = await publishMade(bus, event, { onceUnder });
    if (told.stored && outcome !== 'planned') metrics?.deliveries.inc({ channel, outcome });
    if (told.stored && outcome === 'skipped')
      metrics?.skipped.inc({ channel, reason: reason ?? '' });
    // A person had it tried again and it ended as it did before: the newer end is told as well.
    if (!told.stored && outcome !== 'planned' && entry.reopenedFor !== undefined) {
      await publishMade(bus, event);
    }
  };

  return {
    planned: (entry) =>
      tell(entry, { outcome: 'planned', at: new Date().toISOString(), id: newId() }),
    async outcome(entry) {
      if (!isSettled(entry)) return;
      const { state: outcome, settledAt: at = entry.dueAt } = entry;
      await tell(entry, { outcome, at, id: derivedId('outcome', entry.deliveryId, outcome, at) });
    },
  };
}
