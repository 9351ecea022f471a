import type { Scenario } from '../scenario.ts';

/** Two unanswered pings; see packages/shared/src/broker/connection.ts. */
const NOTICED_MS = 13_000;

/**
 * Hunts: a connection that is open and dead: bytes go nowhere and nobody is told. First of each service to the
 * broker, then everybody to the providers.
 */
export const halfOpen: Scenario = {
  name: 'half-open',
  hunts: 'a process that waits for ever on a dead connection, or repeats what had arrived',
  leadsPerSecond: 8,
  async disturb({ world: { lines }, random, pass }) {
    await pass(random.int(500, 1_500));
    lines.broker.proxy.spoil('black hole');
    await pass(NOTICED_MS);
    lines.broker.proxy.spoil('drop answers');
    await pass(NOTICED_MS);
    lines.providers.proxy.spoil(random.chance(0.5) ? 'black hole' : 'drop answers');
    await pass(4_000);
    lines.providers.proxy.cut();
    await pass(1_000);
  },
};
