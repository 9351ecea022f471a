/** The run of a scenario about campaigns: campaigns under way, blows until enough was seen, peace, verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import { createCampaignLoad, type CampaignLoad } from './load.ts';
import { collectCampaigns, startWitness, type SlowTime, type Witness } from './evidence.ts';
import { createRandom, type Random } from '../random.ts';
import { calledOff, type Outcome, type RunOptions, type Runnable } from '../scenario.ts';
import { untilCampaignsEnd } from './quiescence.ts';
import { busiestSecond } from '../crm/verifier.ts';
import { verifyCampaigns, type CampaignEvidence } from './verifier.ts';
import { startCampaignWorld, type CampaignWorld, type Rates } from './world.ts';

/** Damage of one kind. */
export interface Blow {
  name: string;
  /** Strikes and mends; true when its effect was seen. */
  strike: (scene: CampaignScene) => Promise<boolean>;
}

/** A call of a process to the outside at which it ends itself. */
export interface Step {
  /** What the call's path has in it. */
  call: string;
  side: 'before' | 'after';
}

export interface CampaignScenario {
  name: string;
  hunts: string;
  /** All of them are seen before the damage ends. */
  blows: readonly Blow[];
  steps: readonly Step[];
  rates: Rates;
  /** No blow again that was seen. */
  isBrief?: boolean;
  undecidable: CampaignEvidence['undecidable'];
}

/** What a blow has in its hands. */
export interface CampaignScene {
  world: CampaignWorld;
  random: Random;
  load: CampaignLoad;
  witness: Witness;
  /** Where times with a limit of its own are written down. */
  slow: SlowTime[];
}

/** What a run has seen so far. */
interface State {
  kills: number;
  isPeace: boolean;
  startedAt: number;
  blows: Map<string, number>;
  steps: Set<string>;
}

const BLOWS_AT_ONCE = 3;
const GAP_MS = { shortest: 100, longest: 500 };
/** Once every step was seen: processes that live until they are killed from outside. */
const CALM_SHARE = 0.25;
/** What has not been seen yet is chosen this often. */
const NEW_SHARE = 0.7;
/** The first few calls of a process; it should not live long. */
const LATEST_CALL = 4;
/** Time for everything to be seen, and for each kill. */
const PATIENCE_MS = { all: 240_000, kill: 5_000 };

/** A scenario about campaigns as one that can be run. */
export function onCampaigns(scenario: CampaignScenario): Runnable {
  const { name, hunts } = scenario;
  return { name, hunts, run: (options) => runCampaigns(scenario, options) };
}

async function runCampaigns(scenario: CampaignScenario, options: RunOptions): Promise<Outcome> {
  const random = createRandom(options.seed).fork(scenario.name);
  const state: State = {
    kills: 0,
    isPeace: false,
    startedAt: performance.now(),
    blows: new Map(),
    steps: new Set(),
  };
  const chance = random.fork('processes');
  const world = await startCampaignWorld({
    rates: scenario.rates,
    ...(options.preload && { preload: options.preload }),
    ...(options.env && { env: options.env }),
    nextEnv: () => (state.isPeace ? {} : nextStep(scenario, chance, state)),
    onCrash: () => (state.kills += 1),
  });
  const witness = startWitness(world);
  try {
    const judged = judge(scenario, options, { world, witness, random, state });
    return await Promise.race([judged, calledOff(options.signal)]);
  } finally {
    await witness.stop().catch(() => undefined);
    await world.close();
  }
}

/** Where the next process ends itself. */
function nextStep({ steps }: CampaignScenario, random: Random, state: State) {
  const calm: Record<string, string> = {};
  const isAllSeen = steps.every((step) => state.steps.has(nameOf(step)));
  if (isAllSeen && random.chance(CALM_SHARE)) return calm;
  if (steps.length === 0) return calm;
  const step = pickNew(steps, nameOf, random, state.steps);
  return {
    CHAOS_CRASH_AT_CALL: step.call,
    CHAOS_CRASH_SIDE: step.side,
    CHAOS_CRASH_AT_CALL_NTH: String(random.int(1, LATEST_CALL)),
  };
}

interface Parts {
  world: CampaignWorld;
  witness: Witness;
  random: Random;
  state: State;
}

/** Damage, then peace, then the verdict. */
async function judge(
  scenario: CampaignScenario,
  options: RunOptions,
  { world, witness, random, state }: Parts,
): Promise<Outcome> {
  const load = createCampaignLoad(world, random.fork('load'), options.timeScale ?? 1);
  const scene = { world, witness, load, slow: [], random: random.fork('blows') };
  const missing = await doDamage(scenario, options, scene, state);
  state.isPeace = true;
  await restorePeace(scene);
  const left = await untilCampaignsEnd(world, load, {
    ...options,
    timeoutMs: options.quietWithinMs,
  });
  await witness.stop();
  const { undecidable } = scenario;
  const seen = { refusable: load.refusable, undecidable, slow: scene.slow };
  const evidence = await collectCampaigns(world, witness, seen);
  const ends = world.mailers.flatMap(({ name, ownEnds }) =>
    ownEnds.map((end) => `${name} ended by itself: ${end}`),
  );
  const keys = (await world.sandbox.requests('resend')).map(({ idempotencyKey }) => idempotencyKey);
  return {
    scenario: scenario.name,
    kills: state.kills,
    accepted: evidence.people.length,
    verdict: verifyCampaigns(evidence),
    repeats: keys.length - new Set(keys).size,
    seconds: Math.round((performance.now() - state.startedAt) / 1_000),
    oddities: [...missing, ...ends, ...(left === undefined ? [] : [`not worked off: ${left}`])],
    remarks: remarks(evidence, state),
  };
}

/**
 * Blows at random, some at once, until there were enough kills and everything was seen once.
 * @returns what was wanted and did not come about in the time for it; what was done is judged all the same
 */
async function doDamage(
  scenario: CampaignScenario,
  { points, note }: RunOptions,
  scene: CampaignScene,
  state: State,
): Promise<string[]> {
  const { random, load, witness, world } = scene;
  const deadline = Date.now() + PATIENCE_MS.all + points * PATIENCE_MS.kill;
  const underWay = new Map<string, Promise<void>>();
  const trouble: unknown[] = [];
  const unseen = (): string[] => [
    ...scenario.blows.map(({ name }) => name).filter((name) => !state.blows.has(name)),
    ...scenario.steps.map(nameOf).filter((name) => !state.steps.has(name)),
  ];
  while ((state.kills < points || unseen().length > 0) && Date.now() < deadline) {
    if (trouble.length > 0) throw trouble[0];
    for (const step of await world.diary()) state.steps.add(step);
    await load.topUp(witness.latest);
    const free = scenario.blows.filter(
      ({ name }) => !underWay.has(name) && !(scenario.isBrief && state.blows.has(name)),
    );
    if (underWay.size < BLOWS_AT_ONCE && free.length > 0) {
      const blow = pickNew(free, ({ name }) => name, random, state.blows);
      const struck = blow
        .strike(scene)
        .then(
          (isSeen) => isSeen && state.blows.set(blow.name, (state.blows.get(blow.name) ?? 0) + 1),
        )
        .catch((thrown: unknown) => trouble.push(thrown))
        .then(() => void underWay.delete(blow.name));
      underWay.set(blow.name, struck);
    }
    note(`${load.launched.length} campaigns, ${state.kills} kills, unseen: ${unseen().length}`);
    await delay(random.int(GAP_MS.shortest, GAP_MS.longest));
  }
  await Promise.all(underWay.values());
  if (trouble.length > 0) throw trouble[0];
  return [
    ...(state.kills < points ? [`${state.kills} of ${points} deaths in the time for them`] : []),
    ...unseen().map((name) => `without effect: ${name}`),
  ];
}

/** Takes every fault away, lets everything run and everybody go on. */
async function restorePeace({ world, load }: CampaignScene): Promise<void> {
  await world.sandbox.clearFaults();
  await world.gate.open();
  await world.brokerUp();
  await world.allRunning();
  for (const { id } of load.launched) {
    await world.store.patch(id, { ratePerSecond: null });
    await world.store.resume(id);
  }
}

function pickNew<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  random: Random,
  seen: { has: (name: string) => boolean },
): T {
  const fresh = items.filter((item) => !seen.has(nameOf(item)));
  return random.pick(fresh.length > 0 && random.chance(NEW_SHARE) ? fresh : items);
}

function nameOf({ side, call }: Step): string {
  return `${side} ${call}`;
}

function remarks(
  { campaigns, samples, heldBack, paces }: CampaignEvidence,
  state: State,
): string[] {
  const calls = paces.map(
    ({ what, arrivals, limitPerSecond }) =>
      `${what}: ${arrivals.length} calls, at most ${busiestSecond(arrivals)} a second of ${limitPerSecond}`,
  );
  const blows = [...state.blows].map(([name, count]) => `${name} ${count}`);
  return [
    `${campaigns.length} campaigns, looked at ${samples.length} times, ${heldBack.size} people held back`,
    ...calls,
    `seen: ${blows.join(', ')}`,
    `died: ${[...state.steps].join(', ')}`,
  ];
}
