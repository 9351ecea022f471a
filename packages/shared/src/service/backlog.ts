/** How far each consumer is behind, asked of the broker when somebody scrapes. */
import { Gauge, type Registry } from 'prom-client';
import type { Bus } from '../broker/bus.ts';
import { consumers, type ConsumerName } from '../contract/consumers.ts';

/** The gauge, with a function that names the durables to ask for; others are passed over. */
export interface Backlog {
  watch(durables: readonly string[]): void;
}

/**
 * Adds `consumer_backlog` to the registry, once for each registry. Replicas tell the same number. Without the
 * broker there is none: a number of before would look like calm.
 */
export function measureBacklog(registry: Registry, bus: Bus): Backlog {
  let watched: ConsumerName[] = [];
  new Gauge({
    name: 'consumer_backlog',
    help: 'Messages of a durable that are not settled yet: waiting, or in somebody’s hands',
    labelNames: ['durable'],
    registers: [registry],
    async collect() {
      this.reset();
      if (!bus.isConnected()) return;
      await Promise.all(
        watched.map(async (durable) => {
          const size = await backlogOf(bus, durable).catch(() => undefined);
          if (size !== undefined) this.set({ durable }, size);
        }),
      );
    },
  });
  return {
    watch(durables) {
      watched = durables.filter((name): name is ConsumerName => name in consumers);
    },
  };
}

async function backlogOf(bus: Bus, durable: ConsumerName): Promise<number> {
  const manager = await bus.manager();
  const { num_pending, num_ack_pending } = await manager.consumers.info(
    consumers[durable].stream,
    durable,
  );
  return num_pending + num_ack_pending;
}
