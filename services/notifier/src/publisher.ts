/** What the notifier tells the others: facts about deliveries, and work for later. */
import type { Bus } from '@leadwire/shared/bus';
import { makeEvent, type DeliveryOutcome } from '@leadwire/shared/events';
import { isSettled, type LedgerEntry } from '@leadwire/shared/ledger';
import { subjects } from '@leadwire/shared/topology';
import type { Due } from './channel.ts';

export interface Publisher {
  /** Tells that a delivery is planned, once however often it is called. */
  planned(entry: LedgerEntry): Promise<void>;
  /** Tells how a delivery ended, once however often it is called. */
  outcome(entry: LedgerEntry): Promise<void>;
  /** Has the broker hand the message out when it is due; a second call replaces the first. */
  schedule(due: Due): Promise<void>;
}

/** All methods throw TransientError when the broker did not confirm. */
export function createPublisher(bus: Bus): Publisher {
  const tell = async (entry: LedgerEntry, outcome: DeliveryOutcome, at: string) => {
    const { deliveryId, leadId, channel, template, dueAt, attempts } = entry;
    const { providerId, reason, error, shortLink } = entry;
    const subject = subjects.delivery(channel, outcome, deliveryId);
    const event = makeEvent('delivery.recorded.v1', {
      source: bus.name,
      subject: leadId,
      data: {
        ...{ deliveryId, leadId, channel, template, outcome, at, attempts, scheduledFor: dueAt },
        ...(providerId !== undefined && { providerId }),
        ...(reason !== undefined && { reason }),
        ...(error !== undefined && { error }),
        ...(shortLink !== undefined && { shortLink }),
      },
    });
    await bus.publish(subject, event, { onceUnder: subject });
  };

  return {
    planned: (entry) => tell(entry, 'planned', new Date().toISOString()),
    async outcome(entry) {
      if (isSettled(entry)) await tell(entry, entry.state, entry.settledAt ?? entry.dueAt);
    },
    async schedule(due) {
      const event = makeEvent('notification.due.v1', {
        source: bus.name,
        subject: due.leadId,
        data: due,
      });
      await bus.schedule(
        {
          pending: subjects.notifyAt(due.channel, due.deliveryId),
          due: subjects.notifyDue(due.channel, due.deliveryId),
          at: new Date(due.dueAt),
        },
        event,
      );
    },
  };
}
