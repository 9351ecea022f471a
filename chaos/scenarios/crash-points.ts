import type { Scenario } from '../scenario.ts';
import type { ServiceName } from '../leads/world.ts';

/** Writes to sockets that a process of a service makes in a few seconds of this load. */
const WRITES: Record<ServiceName, number> = {
  'landing-api': 400,
  notifier: 600,
  'lead-store': 400,
  'crm-sync': 500,
};
/** Most of a start lies within so many; a start has crash points too, but everything else has more. */
const WRITES_OF_A_START = 60;
const STARTS_SHARE = 0.15;
const SHORTEST_GAP_MS = 100;
const LONGEST_GAP_MS = 300;
/** One kill in so many is the broker's. */
const BROKER_SHARE = 1 / 40;
/** More leads than this behind, and the next ones wait: the machine is busy with starting processes. */
const LONGEST_BACKLOG = 400;

/**
 * Hunts: any step whose order matters. Half of the kills come from outside at random moments; the other half lie
 * between two steps, because the process ends itself at a write to a socket, before or after the bytes left.
 */
export const crashPoints: Scenario = {
  name: 'crash-points',
  hunts: 'any two steps in the wrong order: a crash between them loses a lead or repeats a message',
  leadsPerSecond: 8,
  processes: (random) => ({
    preload: ['crash-at.ts'],
    envOf: (service) => ({
      CHAOS_CRASH_AT_WRITE: String(
        random.chance(STARTS_SHARE)
          ? random.int(1, WRITES_OF_A_START)
          : random.int(WRITES_OF_A_START, WRITES[service]),
      ),
      CHAOS_CRASH_SIDE: random.pick(['before', 'after']),
    }),
  }),
  async disturb({ world, random, load, points, kills, pass }) {
    // A little bad weather at the providers, so that crashes meet messages whose answer was lost.
    await world.sandbox.addFault({ probability: 0.04, action: { do: 'effect-then-drop' } });
    await world.sandbox.addFault({ probability: 0.02, action: { do: 'refuse', status: 503 } });
    const end = kills() + points;
    while (kills() < end) {
      await pass(random.int(SHORTEST_GAP_MS, LONGEST_GAP_MS));
      if (random.chance(BROKER_SHARE)) {
        await world.brokerDown();
        await pass(random.int(0, 1_000));
        await world.brokerUp();
      } else if (random.chance(0.5)) {
        const ready = world.everyReplica().filter((replica) => replica.isReady());
        if (ready.length > 0) void random.pick(ready).crash();
      }
      const behind = await backlog(world).catch(() => 0);
      load.pause(behind > LONGEST_BACKLOG);
    }
  },
};

async function backlog({ bus }: Parameters<Scenario['disturb']>[0]['world']): Promise<number> {
  if (!bus.isConnected()) return 0;
  const manager = await bus.manager();
  const { state } = await manager.streams.info('NOTIFICATIONS');
  const plan = await manager.consumers.info('LEADS', 'notifier-plan');
  return state.messages + plan.num_pending;
}
