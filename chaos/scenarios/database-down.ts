import type { Scenario } from '../scenario.ts';

/**
 * Hunts: intake or sending that waits for the database; an outage that spends a message's attempts and buries it;
 * one project that keeps the other waiting.
 */
export const databaseDown: Scenario = {
  name: 'database-down',
  hunts: 'a lead or a status that was given up because Supabase was away for a while',
  leadsPerSecond: 12,
  async disturb({ world: { lines, replicas }, random, pass }) {
    await pass(1_500);
    await lines.landing.down();
    await pass(4_000);
    await lines.tripwire.down();
    // A process that starts while its database is away.
    await random.pick(replicas['lead-store']).crash();
    await pass(6_000);
    await lines.landing.up();
    await pass(2_000);
    await lines.tripwire.up();
    await pass(1_000);
  },
};
