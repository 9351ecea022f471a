/**
 * `npm run bench -- campaigns | intake | due | console`: how long something takes, and how much memory (bench/README.md has the
 * options). Every part is real and runs as it does in production, but the providers, which only count. Ends with 1
 * when a promise was broken (a lead lost, a person written to twice), never for being slow.
 */
import { findNatsServer } from '../scripts/machine/nats-server.ts';
import { readOptions } from '../scripts/machine/options.ts';
import { say } from '../scripts/machine/progress.mjs';
import { ExplainedError } from '../scripts/machine/tools.mjs';
import { benchCampaigns } from './campaigns.ts';
import { benchConsole } from './console.ts';
import { benchDue } from './due.ts';
import { benchIntake } from './intake.ts';
import { describeMachine } from './machine.ts';

const text = { type: 'string' } as const;
const { values, positionals } = readOptions(
  {
    allowPositionals: true,
    options: {
      people: text,
      limit: text,
      messages: text,
      processes: text,
      connections: text,
      requests: text,
      rounds: text,
      leads: text,
    },
  },
  'npm run bench -- campaigns | intake | due | console; bench/README.md has the options of each',
);

const benches: Record<string, () => Promise<string[]>> = {
  campaigns: () =>
    benchCampaigns({
      people: numbers('people'),
      limit: number('limit'),
      processes: number('processes'),
    }),
  intake: () =>
    benchIntake({
      connections: numbers('connections'),
      requests: number('requests'),
      rounds: number('rounds'),
    }),
  console: () => benchConsole({ leads: number('leads'), requests: number('requests') }),
  due: () => benchDue({ messages: number('messages'), processes: numbers('processes') }),
};

try {
  const [name = 'nothing'] = positionals;
  const bench = benches[name];
  if (!bench) {
    throw new ExplainedError(`${name}: there is only ${Object.keys(benches).join(', ')}.`);
  }
  process.env['NATS_SERVER_BIN'] = await findNatsServer({ log: say });
  say(`${await describeMachine()}\n`);
  for (const broken of await bench()) {
    say(`✗ ${broken}`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

function numbers(flag: keyof typeof values): number[] | undefined {
  return values[flag]?.split(',').map((part) => {
    const value = Number(part);
    if (Number.isInteger(value) && value > 0) return value;
    throw new ExplainedError(`--${flag}: expected whole numbers, more than 0`);
  });
}

function number(flag: keyof typeof values): number | undefined {
  return numbers(flag)?.[0];
}
