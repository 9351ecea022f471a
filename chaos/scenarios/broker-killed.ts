import type { Scenario } from '../scenario.ts';

/**
 * Hunts: acknowledged and not on disk; a publish whose answer was lost and is repeated under a new identity; a
 * consumer that is alive and idle after the broker came back.
 */
export const brokerKilled: Scenario = {
  name: 'broker-killed',
  hunts:
    'a lead that was answered 201 and is not on disk, or work that nobody takes up after a restart',
  leadsPerSecond: 15,
  async disturb({ world, random, pass }) {
    for (let round = 0; round < 4; round += 1) {
      await pass(random.int(1_500, 3_000));
      await world.brokerDown();
      await pass(random.int(0, 3_000));
      await world.brokerUp();
    }
    await pass(1_000);
  },
};
