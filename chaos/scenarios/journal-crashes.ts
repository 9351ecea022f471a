import type { Scenario } from '../scenario.ts';

/** A lead takes about nine steps on files on its way in and two on its way out. */
const LAST_FILE_STEP = 120;
/** More people than this without an answer, and no more come for a while. */
const LONGEST_QUEUE = 200;
/** Of the crash points asked for, the share that lies here. */
const SHARE = 1 / 5;

/**
 * Hunts: half a file that counts as a lead; a drain that is killed between the broker's word and the file's end and
 * publishes it again; new leads that overtake or shadow the waiting ones.
 */
export const journalCrashes: Scenario = {
  name: 'journal-crashes',
  hunts: 'a lead that a crash of landing-api loses or doubles on its way through the journal',
  leadsPerSecond: 20,
  processes: (random) => ({
    preload: ['crash-at.ts'],
    envOf: (service): Record<string, string> =>
      service === 'landing-api'
        ? {
            CHAOS_CRASH_AT_FILE_STEP: String(random.int(1, LAST_FILE_STEP)),
            CHAOS_CRASH_SIDE: random.pick(['before', 'after']),
          }
        : {},
  }),
  async disturb({ world, random, load, points, pass, kills }) {
    const end = kills() + Math.max(2, Math.round(points * SHARE));
    while (kills() < end) {
      await world.brokerDown();
      await pass(random.int(2_000, 5_000));
      await world.brokerUp();
      // While it drains as well.
      await pass(random.int(500, 2_000));
      if (random.chance(0.5)) await random.pick(world.replicas['landing-api']).crash();
      load.pause(load.waiting > LONGEST_QUEUE);
    }
  },
};
