import { Gauge, Histogram, type Registry } from 'prom-client';
import { groupStates } from '@leadwire/shared/delivery/telegram-groups';
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import type { GroupStore } from './groups/group-store.ts';

/** What this service measures beside what every service does. */
export interface RelayMeasures {
  leadsPerMessage: Histogram;
}

/** Adds the measures to the service's registry; once for each registry. */
export function createMeasures(
  registry: Registry,
  groups: Pick<GroupStore, 'list'>,
): RelayMeasures {
  const registers = [registry];
  new Gauge({
    name: 'telegram_groups',
    help: 'Groups by whether they get notices: active, paused, deactivated',
    labelNames: ['state'],
    registers,
    async collect() {
      // Without the broker there is nothing to tell; the other measures are still asked for.
      const all = await groups.list().catch(() => undefined);
      this.reset();
      for (const state of all ? groupStates : []) {
        this.set({ state }, (all ?? []).filter((group) => group.state === state).length);
      }
    },
  });
  return {
    leadsPerMessage: new Histogram({
      name: 'telegram_leads_per_message',
      help: 'Leads that a message to a group told of',
      buckets: [1, 2, 4, 8, 16],
      registers,
    }),
  };
}

/** Notes how long a person waited until somebody took their lead; milliseconds from its receipt. */
export function createTakenMeasure({ registry }: Pick<Metrics, 'registry'>) {
  const minutes = new Histogram({
    name: 'telegram_first_contact_minutes',
    help: 'Minutes from a lead to the manager who took it',
    buckets: [1, 2, 5, 10, 15, 30, 60, 120, 480, 1_440],
    registers: [registry],
  });
  return (waitedMs: number): void => minutes.observe(waitedMs / 60_000);
}
