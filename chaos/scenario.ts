/** What a scenario is, and how one is run: load, disturbance, peace, verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Preload } from '@leadwire/testing/preload';
import { collectEvidence } from './leads/evidence.ts';
import { startLoad, type Load } from './leads/load.ts';
import { untilQuiet } from './leads/quiescence.ts';
import { createRandom, type Random } from './random.ts';
import { verify, type AllowedEnds, type Verdict } from './leads/verifier.ts';
import { startWorld, type ServiceName, type World, type WorldOptions } from './leads/world.ts';

export interface Scenario {
  /** As `--scenario` names it, and its file. */
  name: string;
  /** The bug that it would find, in one sentence. */
  hunts: string;
  leadsPerSecond: number;
  /** The share of people who have been here before, with the same contacts. */
  comingBack?: number;
  /** With crm-sync, and with AmoCRM in the verdict. */
  withCrm?: boolean;
  /** Ends besides `sent` that its faults rightly cause. */
  allowedEnds?: AllowedEnds;
  /** Whether the verdict shows that the scenario did what it is for; why not, in words. */
  expects?: (verdict: Verdict) => string | undefined;
  /** Faults that are in the processes themselves. */
  processes?: (random: Random) => Pick<WorldOptions, 'preload' | 'envOf' | 'env'>;
  /** Does the damage while leads keep coming; resolves when it is over. */
  disturb: (scene: Scene) => Promise<void>;
}

/** A scenario that can be run: its world, its damage and its judge are its own business. */
export interface Runnable {
  name: string;
  hunts: string;
  /** @throws as `runScenario`. */
  run: (options: RunOptions) => Promise<Outcome>;
}

/** A scenario about leads as one that can be run. */
export function onLeads(scenario: Scenario): Runnable {
  const { name, hunts } = scenario;
  return { name, hunts, run: (options) => runScenario(scenario, options) };
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
  /** Calls it off. */
  signal?: AbortSignal;
  /** Hears how it goes. */
  note: (detail: string) => void;
  entries?: Partial<Record<ServiceName, string>>;
  preload?: readonly Preload[];
  env?: Record<string, string>;
  /** Processes of each service; two unless given. */
  replicas?: 1 | 2;
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
  /** What else is worth knowing, a line each. */
  remarks?: string[];
}

/** Of one run, as it goes on. */
interface State {
  kills: number;
  isPeace: boolean;
  startedAt: number;
  load?: Load;
}

/**
 * Runs one scenario in a world of its own, which is gone when this resolves or rejects.
 * @throws when the world cannot be started or read, when the scenario shows nothing, or at `signal`.
 */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const random = createRandom(options.seed).fork(scenario.name);
  const given = scenario.processes?.(random.fork('processes')) ?? {};
  const state: State = { kills: 0, isPeace: false, startedAt: performance.now() };
  const world = await startWorld({
    ...given,
    envOf: (service, name) => (state.isPeace ? {} : (given.envOf?.(service, name) ?? {})),
    random: random.fork('world'),
    env: { ...given.env, ...options.env },
    preload: [...(options.preload ?? []), ...(given.preload ?? [])],
    ...(options.entries && { entries: options.entries }),
    ...(scenario.withCrm && { withCrm: true }),
    ...(options.replicas && { replicas: options.replicas }),
    onCrash: () => (state.kills += 1),
  });
  try {
    const judged = judge(scenario, options, world, random, state);
    return await Promise.race([judged, calledOff(options.signal)]);
  } finally {
    // A scenario that failed leaves people waiting who would knock for ever.
    state.load?.abandon();
    await world.close();
  }
}

/** Rejects at `signal`, and never resolves. */
export function calledOff(signal: AbortSignal | undefined): Promise<never> {
  return new Promise<never>((_resolve, reject) => {
    const callOff = () => reject(new Error('called off'));
    if (signal?.aborted) callOff();
    signal?.addEventListener('abort', callOff);
  });
}

/** Load and damage, then peace, then the verdict. */
async function judge(
  scenario: Scenario,
  options: RunOptions,
  world: World,
  random: Random,
  state: State,
): Promise<Outcome> {
  const load = startLoad({
    addresses: () => world.addresses,
    leadsPerSecond: scenario.leadsPerSecond,
    comingBack: scenario.comingBack ?? 0,
    random: random.fork('load'),
  });
  state.load = load;
  const told = () => `${load.begun} leads, ${state.kills} kills`;
  const telling = setInterval(() => options.note(told()), 500);
  await scenario
    .disturb({
      world,
      load,
      random: random.fork('disturb'),
      points: options.points,
      kills: () => state.kills,
      pass: (ms) => delay(ms * (options.timeScale ?? 1)),
    })
    .finally(() => clearInterval(telling));
  state.isPeace = true;
  await restorePeace(world);
  await load.finish();
  const left = await untilQuiet(world, {
    timeoutMs: options.quietWithinMs,
    note: (what) => options.note(what === '' ? told() : `${told()}; left: ${what}`),
  });
  const evidence = await collectEvidence(world, [...load.accepted], load.shared);
  const verdict = verify(evidence, scenario.allowedEnds);
  const missing = scenario.expects?.(verdict);
  return {
    scenario: scenario.name,
    verdict,
    kills: state.kills,
    accepted: new Set(load.accepted.map(({ leadId }) => leadId)).size,
    repeats: load.repeats,
    seconds: Math.round((performance.now() - state.startedAt) / 1_000),
    oddities: [...oddities(world, load, left), ...(missing === undefined ? [] : [missing])],
  };
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
