/**
 * `npm run bench`: how long things take, and how much memory (bench/README.md has the benches and their options). Every
 * part is real and runs as it does in production, but the providers, which only count. Without a name all of them run
 * in a short form, and their ratios are held against the recorded ones. Ends with 1 when a promise was broken (a lead
 * lost, a person written to twice) or a ratio fell; a single bench never for being slow.
 */
import { findNatsServer } from '../scripts/machine/nats-server.ts';
import { readOptions } from '../scripts/machine/options.ts';
import { say } from '../scripts/machine/progress.mjs';
import { ExplainedError } from '../scripts/machine/tools.mjs';
import type { ChannelName } from './campaign-channels.ts';
import { benchCampaigns } from './campaigns.ts';
import { benchCatchUp } from './catch-up.ts';
import { benchConsole } from './console.ts';
import { benchDepth } from './depth.ts';
import { benchDue } from './due.ts';
import { benchIntake } from './intake.ts';
import { describeMachine } from './machine.ts';
import type { Figure, Outcome } from './outcome.ts';
import { benchPlanned } from './planned.ts';
import { compare, readRecorded, writeRecorded } from './recorded.ts';

const text = { type: 'string' } as const;
const { values, positionals } = readOptions(
  {
    allowPositionals: true,
    options: {
      people: text,
      channel: text,
      limit: text,
      messages: text,
      processes: text,
      connections: text,
      requests: text,
      rounds: text,
      leads: text,
      record: { type: 'boolean' },
    },
  },
  'npm run bench [-- campaigns | intake | due | planned | depth | catch-up | console]; bench/README.md has the options of each',
);

interface Bench {
  asked: () => Promise<Outcome>;
  /** Its part of a run of all, which takes less than 15 minutes on two cores. */
  short: () => Promise<Outcome>;
}

const benches: Record<string, Bench> = {
  intake: {
    asked: () =>
      benchIntake({
        connections: numbers('connections'),
        requests: number('requests'),
        rounds: number('rounds'),
      }),
    short: () => benchIntake({ connections: undefined, requests: 1_500, rounds: 3 }),
  },
  campaigns: {
    asked: () =>
      benchCampaigns({
        people: numbers('people'),
        limit: number('limit'),
        processes: number('processes'),
        channel: channel(),
      }),
    short: () => benchCampaigns({ people: [3_000], limit: undefined, processes: undefined }),
  },
  due: {
    asked: () => benchDue({ messages: number('messages'), processes: numbers('processes') }),
    short: () => benchDue({ messages: 1_000, processes: undefined }),
  },
  planned: {
    asked: () => benchPlanned({ messages: number('messages') }),
    short: () => benchPlanned({ messages: 5_000 }),
  },
  depth: {
    asked: () =>
      benchDepth({
        leads: number('leads'),
        requests: number('requests'),
        rounds: number('rounds'),
      }),
    short: () => benchDepth({ leads: 50_000, requests: undefined, rounds: 3 }),
  },
  'catch-up': {
    asked: () => benchCatchUp({ leads: number('leads') }),
    short: () => benchCatchUp({ leads: 10_000 }),
  },
  console: {
    asked: () => benchConsole({ leads: number('leads'), requests: number('requests') }),
    short: () => benchConsole({ leads: 20_000, requests: 10 }),
  },
};

try {
  const [name] = positionals;
  const bench = name === undefined ? undefined : benches[name];
  if (name !== undefined && !bench) {
    throw new ExplainedError(`${name}: there is only ${Object.keys(benches).join(', ')}.`);
  }
  process.env['NATS_SERVER_BIN'] = await findNatsServer({ log: say });
  say(`${await describeMachine()}\n`);
  for (const broken of bench ? (await bench.asked()).broken : await runAll()) {
    say(`✗ ${broken}`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

/** One after the other. @returns broken promises and fallen ratios, in words. */
async function runAll(): Promise<string[]> {
  const broken: string[] = [];
  const figures: Figure[] = [];
  for (const [name, { short }] of Object.entries(benches)) {
    say(`— ${name}\n`);
    const outcome = await short();
    broken.push(...outcome.broken);
    figures.push(...outcome.ratios);
  }
  if (values.record) await writeRecorded(figures);
  const { shown, fallen } = compare(figures, await readRecorded());
  say(`\n${shown}\n`);
  return [...broken, ...fallen];
}

function channel(): ChannelName | undefined {
  const { channel } = values;
  if (channel === undefined || channel === 'email' || channel === 'sms') return channel;
  throw new ExplainedError('--channel: expected email or sms');
}

function numbers(flag: Exclude<keyof typeof values, 'record'>): number[] | undefined {
  return values[flag]?.split(',').map((part) => {
    const value = Number(part);
    if (Number.isInteger(value) && value > 0) return value;
    throw new ExplainedError(`--${flag}: expected whole numbers, more than 0`);
  });
}

function number(flag: Exclude<keyof typeof values, 'record'>): number | undefined {
  return numbers(flag)?.[0];
}
