import type { Scenario } from '../scenario.ts';
import type { ServiceName } from '../leads/world.ts';

const ROUNDS = 8;

/** Kills one or both processes of a service, again and again, at random moments; a few stay dead for a while. */
function killing(service: ServiceName, hunts: string): Scenario {
  return {
    name: `${service}-killed`,
    hunts,
    leadsPerSecond: 12,
    async disturb({ world, random, pass }) {
      for (let round = 0; round < ROUNDS; round += 1) {
        await pass(random.int(400, 2_000));
        const both = world.replicas[service];
        const struck = random.chance(0.4) ? both : [random.pick(both)];
        if (random.chance(0.5)) await Promise.all(struck.map((replica) => replica.crash()));
        else {
          await Promise.all(struck.map((replica) => replica.halt()));
          await pass(random.int(0, 2_000));
        }
        for (const replica of both) replica.start();
      }
    },
  };
}

/** Hunts: an answer before the lead is on disk; a repeat of the form that becomes a second lead. */
export const landingApiKilled = killing(
  'landing-api',
  'a 201 for a lead that only the memory of the dead process had',
);

/** Hunts: a plan in memory; a claim that nobody can take over; a send that is repeated because its record was lost. */
export const notifierKilled = killing(
  'notifier',
  'a planned message that dies with its process, or a second one from whoever takes over',
);

/** Hunts: an event acknowledged before its row is written; a batch that loses its neighbours. */
export const leadStoreKilled = killing(
  'lead-store',
  'an event that was acknowledged before it was in the database',
);
