/**
 * `npm run chaos -- [--seed n] [--scenario name] [--points n] [--short]`: breaks the system on purpose and compares
 * what was promised with what was written down and what providers really did. Ends with 1 when a scenario failed.
 */
import { randomInt } from 'node:crypto';
import { findNatsServer } from '../scripts/machine/nats-server.ts';
import { readOptions } from '../scripts/machine/options.ts';
import { say, step } from '../scripts/machine/progress.mjs';
import { ExplainedError } from '../scripts/machine/tools.mjs';
import { failures, resultTable } from './report.ts';
import { scenarios } from './scenarios.ts';
import { shortForm } from './scenarios/short-form.ts';
import { onLeads, type Outcome, type RunOptions, type Runnable } from './scenario.ts';
import { shortRun } from './short-run.ts';

/** A message whose sender was killed is free again after ack_wait and the rest of its lease, 90 s in all. */
const QUIET_WITHIN_MS = 300_000;
const DEFAULT_POINTS = 100;
const LINE_EVERY_MS = 60_000;

const calledOff = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => calledOff.abort());
}
// The terminal's end of us was killed outright.
process.once('disconnect', () => calledOff.abort());

const { values } = readOptions(
  {
    options: {
      seed: { type: 'string' },
      scenario: { type: 'string' },
      points: { type: 'string', default: String(DEFAULT_POINTS) },
      short: { type: 'boolean', default: false },
    },
  },
  'npm run chaos -- [--seed n] [--scenario name] [--points n] [--short]',
);

try {
  process.env['NATS_SERVER_BIN'] = await findNatsServer({ log: say });
  const seed = wholeNumber('--seed', values.seed ?? String(randomInt(1, 1_000_000)));
  const points = wholeNumber('--points', values.points);
  const chosen = chooseScenarios();
  say(`Seed ${seed}. The same again: npm run chaos -- --seed ${seed}\n`);
  const outcomes: Outcome[] = [];
  for (const scenario of chosen) {
    const options = values.short
      ? shortRun(seed)
      : { seed, points, quietWithinMs: QUIET_WITHIN_MS };
    outcomes.push(await runAndTell(scenario, options));
  }
  say(`\n${resultTable(outcomes)}`);
  const bad = outcomes.filter((outcome) => failures(outcome).length > 0);
  say(bad.length === 0 ? '\nNothing lost, nothing doubled, nothing early.' : '');
  process.exitCode = bad.length === 0 ? 0 : 1;
} catch (error) {
  if (calledOff.signal.aborted) process.exit(130);
  if (!(error instanceof ExplainedError)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  // Whoever listens for its end keeps the way to the terminal open, and with it the process.
  if (process.connected) process.disconnect();
}

async function runAndTell(scenario: Runnable, options: Omit<RunOptions, 'note'>): Promise<Outcome> {
  say(`${scenario.name}: hunts ${scenario.hunts}`);
  let outcome: Outcome | undefined;
  await step(scenario.name, async (show: (detail: string) => void) => {
    const note = process.stdout.isTTY ? show : sayNowAndThen(show);
    outcome = await scenario.run({ ...options, note, signal: calledOff.signal });
    if (failures(outcome).length > 0) throw new Error('failed');
  }).catch((thrown: unknown) => {
    if (!outcome) throw thrown;
  });
  if (!outcome) throw new Error('no outcome');
  for (const line of [...failures(outcome), ...(outcome.remarks ?? [])]) say(`  ${line}`);
  return outcome;
}

/** Where no progress line can be drawn, a line is printed once a minute. */
function sayNowAndThen(show: (detail: string) => void): (detail: string) => void {
  let saidAt = Date.now();
  return (detail) => {
    show(detail);
    if (Date.now() - saidAt < LINE_EVERY_MS) return;
    saidAt = Date.now();
    say(`    ${detail}`);
  };
}

function chooseScenarios(): readonly Runnable[] {
  if (values.short) return [onLeads(shortForm)];
  if (values.scenario === undefined) return scenarios;
  const chosen = scenarios.find(({ name }) => name === values.scenario);
  if (chosen) return [chosen];
  const names = scenarios.map(({ name }) => name).join(', ');
  throw new ExplainedError(`There is no scenario "${values.scenario}". There are: ${names}.`);
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ExplainedError(`${name}: expected a whole number, got "${text}".`);
}
