/** The intake against the same route with BullMQ on Redis behind it, and with nothing behind it. */
import { say, step } from '../scripts/machine/progress.mjs';
import { waitFor } from '@leadwire/testing/wait-for';
import { findRedisServer } from '../scripts/machine/redis-server.ts';
import { startSides, type Side, type Used } from './intake-sides.ts';
import { errorsOf, runLoad, type LoadResult } from './load.ts';
import type { Figure, Outcome } from './outcome.ts';
import { medianOf, spreadOf } from './percentiles.ts';
import { table } from './table.ts';

const CONNECTIONS = [1, 16, 64];
const REQUESTS = 3_000;
const ROUNDS = 5;
/** Not measured: until the code is compiled and the connections are there. */
const WARM_UP = 2_000;
const WARM_UP_CONNECTIONS = 16;
/** What the journal took in is drained by then. */
const STORED_MS = 20_000;

const NO_REDIS =
  'No redis-server 6.2 or newer could be found or fetched, so landing-api is measured alone. Install ' +
  'redis-server so that it is on PATH, or set REDIS_SERVER_BIN to its path.';

export interface IntakeOptions {
  connections: number[] | undefined;
  /** In each round, for each side. */
  requests: number | undefined;
  rounds: number | undefined;
}

/** All rounds of one side with as many connections. */
interface Measured {
  side: string;
  connections: number;
  rounds: (LoadResult & Used & { storedNow: number | undefined })[];
}

/** Rounds take turns, so that whatever else the machine does falls on all sides. Prints tables. */
export async function benchIntake(options: IntakeOptions): Promise<Outcome> {
  const { connections = CONNECTIONS, requests = REQUESTS, rounds = ROUNDS } = options;
  const redisServer = await findRedisServer(say);
  if (!redisServer) say(`${NO_REDIS}\n`);
  const sides = await step('servers: starting', () => startSides(redisServer));
  const measured: Measured[] = [];
  try {
    for (const side of sides) {
      const warmUp = { connections: WARM_UP_CONNECTIONS, requests: WARM_UP };
      await step(`${side.name}: warming up`, () => measure(side, { ...warmUp, run: 'warm-up' }));
    }
    for (const count of connections) {
      measured.push(...(await compare(sides, count, requests, rounds)));
    }
  } finally {
    for (const side of sides) await side.close();
  }
  const [ours, ...others] = sides.map(({ name }) => measured.filter(({ side }) => side === name));
  const ratios = others.flatMap((theirs) =>
    theirs.map((each, index) => ratioOf(ours?.[index], each)),
  );
  say(`\n${table(HEAD, measured.map(rowOf))}\n\n${table(RATIO_HEAD, ratios.map(ratioRowOf))}\n`);
  return { broken: measured.flatMap(brokenPromises), ratios: ratios.map(recordOf) };
}

/** One after the other within each round: A B A B. */
async function compare(
  sides: readonly Side[],
  connections: number,
  requests: number,
  rounds: number,
): Promise<Measured[]> {
  const measured = sides.map(({ name }): Measured => ({ side: name, connections, rounds: [] }));
  await step(`${connections} at once: ${rounds} rounds of ${requests} leads`, async (note) => {
    for (let round = 1; round <= rounds; round += 1) {
      note(`round ${round}`);
      for (const [index, side] of sides.entries()) {
        const run = `${connections}-${round}`;
        measured[index]?.rounds.push(await measure(side, { connections, requests, run }));
      }
    }
  });
  return measured;
}

async function measure(side: Side, load: { connections: number; requests: number; run: string }) {
  const [before, usedBefore] = [await side.stored(), await side.used()];
  const result = await runLoad({ url: side.url, ...load });
  const used = await side.used();
  const cpu = used.cpu - usedBefore.cpu;
  const storeCpu = used.storeCpu - usedBefore.storeCpu;
  const journalled = used.journalled - usedBefore.journalled;
  const storedNow = async () => {
    const now = await side.stored();
    return now === undefined || before === undefined ? undefined : now - before;
  };
  const isThere = async () => ((await storedNow()) ?? Infinity) >= result.times.length;
  await waitFor(isThere, { timeoutMs: STORED_MS }).catch(() => undefined);
  return { ...result, cpu, storeCpu, journalled, storedNow: await storedNow() };
}

const perSecond = ({ times, seconds }: LoadResult) => times.length / seconds;
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const taken = ({ rounds }: Measured) => sumOf(rounds.map(({ times }) => times.length));
/** Undefined where leads are kept nowhere. */
const stored = ({ rounds }: Measured) =>
  rounds.some(({ storedNow }) => storedNow === undefined)
    ? undefined
    : sumOf(rounds.map(({ storedNow = 0 }) => storedNow));

const HEAD = [
  ...['connections', 'intake', 'leads/s', 'slowest, fastest round', 'p50', 'p99', 'max'],
  ...['service busy', 'store busy', 'errors', '201', 'stored', 'journalled'],
];

function rowOf(measured: Measured): string[] {
  const rates = measured.rounds.map(perSecond);
  const { p50, p99, max } = spreadOf(measured.rounds.flatMap(({ times }) => times));
  const journalled = sumOf(measured.rounds.map((round) => round.journalled));
  return [
    ...[String(measured.connections), measured.side, medianOf(rates).toFixed(0)],
    `${Math.min(...rates).toFixed(0)}, ${Math.max(...rates).toFixed(0)}`,
    ...[p50, p99, max].map((ms) => `${ms.toFixed(1)} ms`),
    perLead(measured, ({ cpu }) => cpu),
    perLead(measured, ({ storeCpu }) => storeCpu),
    ...[errorsOf(measured.rounds), taken(measured), stored(measured) ?? '', journalled].map(String),
  ];
}

/** Processor time for a lead. */
function perLead(measured: Measured, secondsOf: (used: Used) => number): string {
  const seconds = sumOf(measured.rounds.map(secondsOf));
  return `${((seconds / taken(measured)) * 1_000).toFixed(2)} ms`;
}

const RATIO_HEAD = ['connections', 'landing-api to', 'leads/s', 'p50', 'p99'];

/** landing-api divided by the other one, round by round: what the machine did meanwhile is in both halves. */
interface Ratio {
  connections: number;
  to: string;
  rate: number[];
  p50: number[];
  p99: number[];
}

function ratioOf(ours: Measured | undefined, theirs: Measured): Ratio {
  const ratios = (of: (round: LoadResult) => number) =>
    theirs.rounds.map((round, index) => {
      const own = ours?.rounds[index];
      return own ? of(own) / of(round) : NaN;
    });
  return {
    connections: theirs.connections,
    to: theirs.side,
    rate: ratios(perSecond),
    p50: ratios(({ times }) => spreadOf(times).p50),
    p99: ratios(({ times }) => spreadOf(times).p99),
  };
}

function ratioRowOf({ connections, to, rate, p50, p99 }: Ratio): string[] {
  const tell = (all: readonly number[]) =>
    `${medianOf(all).toFixed(2)} × (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
  return [String(connections), to, ...[rate, p50, p99].map(tell)];
}

function recordOf({ connections, to, rate }: Ratio): Figure {
  const rival = to.split(',')[0] ?? to;
  return {
    name: `intake, leads/s to ${rival}, ${connections} connections`,
    value: medianOf(rate),
    better: 'more',
  };
}

function brokenPromises(measured: Measured): string[] {
  const { side, connections } = measured;
  const [answered, kept] = [taken(measured), stored(measured)];
  if (kept === undefined || answered === kept) return [];
  return [`${side}, ${connections} connections: ${answered} times 201, ${kept} leads stored`];
}
