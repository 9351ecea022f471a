/** What a scenario is, and how one is run: load, disturbance, peace, verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectEvidence } from './evidence.ts';
import { startLoad, type Load } from './load.ts';
import { untilQuiet } from './quiescence.ts';
import { createRandom, type Random } from './random.ts';
import { verify, type AllowedEnds, type Verdict } from './verifier.ts';
import { startWorld, type ServiceName, type World, type WorldOptions } from './world.ts';

export interface Scenario {
  /** As `--scenario` names it, and its file. */
  name: string;
  /** The bug that it would find, in one sentence. */
  hunts: string;
  leadsPerSecond: number;
  /** Ends besides `sent` that its faults rightly cause. */
  allowedEnds?: AllowedEnds;
  /** Whether the verdict shows that the scenario did what it is for; why not, in words. */
  expects?: (verdict: Verdict) => string | undefined;
  /** Faults that are in the processes themselves. */
  processes?: (random: Random) => Pick<WorldOptions, 'preload' | 'envOf' | 'env'>;
  /** Does the damage while leads keep coming; resolves when it is over. */
  disturb: (scene: Scene) => Promise<void>;
}

/** What a disturbance has in its hands. */
export interface Scene {
  world: World;
  random: Random;
  load: Load;
  /** Crash points wanted, where the scenario counts them. */
  points: number;
  /** Processes killed so far, the broker included. */
  kills: () => number;
  /** Resolves after so many milliseconds of damage; fewer in the short form. */
  pass: (ms: number) => Promise<void>;
}

export interface RunOptions {
  seed: number;
  points: number;
  /** 1, or less to let everything last shorter. */
  timeScale?: number;
  /** Longest time for everything to be worked off afterwards. */
  quietWithinMs: number;
  /** Hears how it goes. */
  note: (detail: string) => void;
  entries?: Partial<Record<ServiceName, string>>;
  preload?: readonly string[];
  env?: Record<string, string>;
}

export interface Outcome {
  scenario: string;
  verdict: Verdict;
  kills: number;
  accepted: number;
  repeats: number;
  seconds: number;
  /** What should not have happened besides what the verifier found. */
  oddities: string[];
}

/** Runs one scenario in a world of its own. @throws when the world cannot be started or read. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const startedAt = performance.now();
  const random = createRandom(options.seed).fork(scenario.name);
  let kills = 0;
  const given = scenario.processes?.(random.fork('processes')) ?? {};
  let isPeace = false;
  const world = await startWorld({
    ...given,
    envOf: (service, name) => (isPeace ? {} : (given.envOf?.(service, name) ?? {})),
    random: random.fork('world'),
    env: { ...given.env, ...options.env },
    preload: [...(options.preload ?? []), ...(given.preload ?? [])],
    ...(options.entries && { entries: options.entries }),
    onCrash: () => (kills += 1),
  });
  try {
    const load = startLoad({
      addresses: () => world.addresses,
      leadsPerSecond: scenario.leadsPerSecond,
      random: random.fork('load'),
    });
    const tell = () => options.note(`${load.begun} leads, ${kills} kills`);
    const telling = setInterval(tell, 500);
    await scenario.disturb({
      ...{ world, load, random: random.fork('disturb'), points: options.points },
      kills: () => kills,
      pass: (ms) => delay(ms * (options.timeScale ?? 1)),
    });
    clearInterval(telling);
    isPeace = true;
    await restorePeace(world);
    await load.finish();
    const left = await untilQuiet(world, {
      timeoutMs: options.quietWithinMs,
      note: (what) => options.note(`${load.begun} leads, ${kills} kills; left: ${what}`),
    });
    const evidence = await collectEvidence(world, [...load.accepted]);
    const verdict = verify(evidence, scenario.allowedEnds);
    const missing = scenario.expects?.(verdict);
    return {
      scenario: scenario.name,
      verdict,
      kills,
      accepted: new Set(load.accepted.map(({ leadId }) => leadId)).size,
      repeats: load.repeats,
      seconds: Math.round((performance.now() - startedAt) / 1_000),
      oddities: [...oddities(world, load, left), ...(missing === undefined ? [] : [missing])],
    };
  } finally {
    await world.close();
  }
}

/** Takes every fault away and waits until everything runs. */
async function restorePeace(world: World): Promise<void> {
  await world.sandbox.clearFaults();
  for (const line of Object.values(world.lines)) {
    await line.up();
    line.proxy.spoil(undefined);
  }
  await world.brokerUp();
  await world.allRunning();
}

function oddities(world: World, load: Load, left: string | undefined): string[] {
  const ends = world
    .everyReplica()
    .flatMap(({ name, ownEnds }) => ownEnds.map((end) => `${name} ended by itself: ${end}`));
  const refusals = Object.entries(load.refused).map(
    ([status, count]) => `${count} submissions were answered ${status}`,
  );
  return [...ends, ...refusals, ...(left === undefined ? [] : [`not worked off: ${left}`])];
}
