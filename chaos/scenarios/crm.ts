import type { Scenario } from '../scenario.ts';
import type { World } from '../leads/world.ts';

/** Writes to sockets that a process makes in some seconds of this load. */
const WRITES = 500;
const SHORTEST_GAP_MS = 500;
const LONGEST_GAP_MS = 2_000;
/** One kill in so many is the broker's. */
const BROKER_SHARE = 1 / 25;
/** AmoCRM takes about a lead and a half in a second; more than this behind, and the next ones wait. */
const LONGEST_BACKLOG = 25;

/**
 * Hunts: a create that nobody looks for. Deals are made at AmoCRM's own pace, a third of the people comes again, and
 * both processes of crm-sync die: from outside, and exactly before or after what they write.
 */
export const crm: Scenario = {
  name: 'crm',
  hunts:
    'a second deal or contact, a lead without one, a request too many, when crm-sync dies between two steps',
  leadsPerSecond: 1.2,
  comingBack: 1 / 3,
  withCrm: true,
  processes: (random) => ({
    preload: ['crash-at.ts'],
    envOf: (service) => ({
      ...(service === 'crm-sync' && {
        CHAOS_CRASH_AT_WRITE: String(random.int(1, WRITES)),
        CHAOS_CRASH_SIDE: random.pick(['before', 'after']),
      }),
    }),
  }),
  async disturb({ world, random, load, points, kills, pass }) {
    await world.sandbox.addFault({
      provider: 'amocrm',
      probability: 0.03,
      action: { do: 'effect-then-drop' },
    });
    await world.sandbox.addFault({
      provider: 'amocrm',
      probability: 0.02,
      action: { do: 'refuse', status: 503 },
    });
    const end = kills() + points;
    while (kills() < end) {
      await pass(random.int(SHORTEST_GAP_MS, LONGEST_GAP_MS));
      if (random.chance(BROKER_SHARE)) {
        await world.brokerDown();
        await pass(random.int(0, 1_000));
        await world.brokerUp();
      } else if (random.chance(0.5)) {
        const ready = world.replicas['crm-sync'].filter((replica) => replica.isReady());
        if (ready.length > 0) void random.pick(ready).crash();
      }
      load.pause((await backlog(world).catch(() => 0)) > LONGEST_BACKLOG);
    }
  },
};

async function backlog({ bus }: World): Promise<number> {
  if (!bus.isConnected()) return 0;
  const { consumers } = await bus.manager();
  const { num_pending, num_ack_pending } = await consumers.info('LEADS', 'crm-sync');
  return num_pending + num_ack_pending;
}
