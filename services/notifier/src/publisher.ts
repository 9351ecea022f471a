/** What the notifier tells the others: facts about deliveries, and work for later. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { createDeliveryFacts, type DeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import { scheduleDue } from '@leadwire/shared/delivery/schedule';
import type { Due } from './channel.ts';

export interface Publisher extends DeliveryFacts {
  /** Has the broker hand the message out when it is due; a second call replaces the first. */
  schedule(due: Due): Promise<void>;
}

/** All methods throw TransientError when the broker did not confirm. */
export function createPublisher(bus: Bus, metrics: Metrics): Publisher {
  return { ...createDeliveryFacts(bus, metrics), schedule: (due) => scheduleDue(bus, due) };
}
