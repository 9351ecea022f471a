/** Whether landing-api gets slower with the leads that are there already: a broker with a thousand, one with very many. */
import { startNats } from '@leadwire/testing/nats';
import { say, step } from '../scripts/machine/progress.mjs';
import { fillLeads } from './fill-leads.ts';
import { ADMIN_TOKEN, startIntake } from './intake-sides.ts';
import { errorsOf, runLoad, type LoadResult } from './load.ts';
import type { Outcome } from './outcome.ts';
import { medianOf, spreadOf } from './percentiles.ts';
import { table } from './table.ts';

const FEW = 1_000;
const MANY = 1_000_000;
const CONNECTIONS = 16;
const REQUESTS = 2_000;
const ROUNDS = 5;

export interface DepthOptions {
  leads: number | undefined;
  requests: number | undefined;
  rounds: number | undefined;
}

type Service = Awaited<ReturnType<typeof startFilled>>;

/** What is asked of both, in turns. */
const QUESTIONS = ['intake', 'status'] as const;
type Question = (typeof QUESTIONS)[number];

interface Measured {
  question: Question;
  few: LoadResult[];
  many: LoadResult[];
}

/** Prints a table. */
export async function benchDepth(options: DepthOptions): Promise<Outcome> {
  const { leads = MANY, requests = REQUESTS, rounds = ROUNDS } = options;
  const services: Service[] = [];
  try {
    for (const count of [FEW, leads]) {
      const title = `${count.toLocaleString('en-US')} leads: writing them, starting landing-api`;
      services.push(await step(title, () => startFilled(count)));
    }
    const [few, many] = services as [Service, Service];
    for (const service of services) await ask(service, 'intake', { requests, run: 'warm-up' });
    const measured: Measured[] = [];
    for (const question of QUESTIONS) {
      const all: Measured = { question, few: [], many: [] };
      await step(`${question}: ${rounds} rounds of ${requests}`, async () => {
        for (let round = 1; round <= rounds; round += 1) {
          const load = { requests, run: `${question}-${round}` };
          all.few.push(await ask(few, question, load));
          all.many.push(await ask(many, question, load));
        }
      });
      measured.push(all);
    }
    say(`\n${table(HEAD, measured.flatMap(rowsOf))}\n`);
    return { broken: measured.flatMap(brokenPromises), ratios: measured.map(figureOf) };
  } finally {
    for (const service of services) await service.close();
  }
}

async function startFilled(leads: number) {
  const broker = await startNats();
  try {
    const known = await fillLeads(broker, leads);
    const service = await startIntake('services/landing-api/src/main.ts', {
      env: { NATS_URL: broker.url },
      storePid: () => broker.pid?.(),
    });
    return {
      leads,
      url: service.url,
      known,
      async close() {
        await service.close();
        await broker.close();
      },
    };
  } catch (thrown) {
    await broker.close();
    throw thrown;
  }
}

function ask({ url, known }: Service, question: Question, load: { requests: number; run: string }) {
  const paths = known.map((leadId) => `/api/landing/leads/${leadId}/status`);
  return runLoad({
    ...load,
    url,
    connections: CONNECTIONS,
    ...(question === 'status' && { read: { paths, token: ADMIN_TOKEN } }),
  });
}

const p99 = ({ times }: LoadResult) => spreadOf(times).p99;
const p50 = ({ times }: LoadResult) => spreadOf(times).p50;

/** Of each round its own, and of these the one in the middle. */
const ratioOf = ({ few, many }: Measured, of: (result: LoadResult) => number) =>
  medianOf(many.map((result, round) => of(result) / of(few[round] ?? result)));

const HEAD = ['asked', 'leads there', 'answers/s', 'p50', 'p99', 'p50 to few', 'p99 to few'];

function rowsOf(measured: Measured): string[][] {
  return (['few', 'many'] as const).map((side) => {
    const rounds = measured[side];
    const times = spreadOf(rounds.flatMap((round) => round.times));
    const rate = medianOf(rounds.map((round) => round.times.length / round.seconds));
    return [
      ...[measured.question, side, rate.toFixed(0)],
      ...[times.p50, times.p99].map((ms) => `${ms.toFixed(1)} ms`),
      ...(side === 'few' ? [] : [p50, p99].map((of) => `${ratioOf(measured, of).toFixed(2)} ×`)),
    ];
  });
}

function figureOf(measured: Measured) {
  const name = `${measured.question} with many leads to few, p50`;
  return { name, value: ratioOf(measured, p50), better: 'less' } as const;
}

function brokenPromises({ question, few, many }: Measured): string[] {
  const bad = errorsOf([...few, ...many]);
  return bad === 0 ? [] : [`${question}: ${bad} requests without the answer they ask for`];
}
