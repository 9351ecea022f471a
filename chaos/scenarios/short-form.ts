import type { Scenario } from '../scenario.ts';
import { brokerKilled } from './broker-killed.ts';
import { crashPoints } from './crash-points.ts';
import { effectThenDrop } from './provider-faults.ts';

/** Each does its damage in its time, in one world: starting a world is most of what a short run costs. */
const PARTS = [effectThenDrop, brokerKilled, crashPoints];

/** Hunts: the grossest mistakes, at every `npm test`: no claim, no condition on a publish, an early acknowledgement. */
export const shortForm: Scenario = {
  ...crashPoints,
  name: 'short-form',
  hunts: PARTS.map(({ name }) => name).join(', then '),
  leadsPerSecond: 5,
  processes: (random) => {
    const dying = crashPoints.processes?.(random);
    const hasDied = new Set<string>();
    return {
      ...dying,
      envOf: (service, name) => {
        // Each dies by itself once, and then from outside alone: starts are most of what the damage costs.
        if (hasDied.has(name)) return {};
        hasDied.add(name);
        return dying?.envOf?.(service, name) ?? {};
      },
    };
  },
  async disturb(scene) {
    for (const { disturb } of PARTS) {
      await disturb(scene);
      await scene.world.sandbox.clearFaults();
    }
  },
};
