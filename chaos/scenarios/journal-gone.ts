import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scenario } from '../scenario.ts';

/**
 * Hunts: a 201 for a lead that is nowhere, when neither the broker nor the journal takes it. A folder that is no
 * folder refuses every write, as a full disk does.
 */
export const journalGone: Scenario = {
  name: 'journal-gone',
  hunts: 'a 201 while neither the broker nor the disk could take the lead',
  leadsPerSecond: 8,
  async disturb({ world, load, pass }) {
    const folders = ['journal-1', 'journal-2'].map((name) => join(world.journals, name));
    await pass(1_000);
    await world.brokerDown();
    // Some leads lie in the journals by now.
    await pass(3_000);
    for (const folder of folders) {
      await rename(folder, `${folder}.away`);
      await writeFile(folder, '');
    }
    const before = load.repeats;
    await pass(5_000);
    if (load.repeats === before) throw new Error('nobody was refused: the scenario shows nothing');
    for (const address of world.addresses) {
      const { status } = await fetch(`${address}/readyz`);
      if (status !== 503) throw new Error(`/readyz says ${status} although no lead can be taken`);
    }
    for (const folder of folders) {
      await rm(folder);
      await rename(`${folder}.away`, folder);
    }
    await pass(2_000);
    await world.brokerUp();
    await pass(1_000);
  },
};
