/** Many notifications that are due at one instant. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lead } from '@leadwire/shared/contract/events';
import { deliveryOf, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { say, step } from '../scripts/machine/progress.mjs';
import { startDueRig, type DueRig, type Measures } from './due-rig.ts';
import type { Figure, Outcome } from './outcome.ts';
import { spreadOf } from './percentiles.ts';
import { eachOf, leadsDueAt, plan } from './planned-leads.ts';
import { table } from './table.ts';

const MESSAGES = 5_000;
const PROCESSES = [1, 3];
/** As in production; the leads say that they were received so long before. */
const DELAY_MS = 10 * 60_000;
/** Sent before the others, not measured: code is compiled then, and it is known how long planning takes. */
const WARM_UP = 200;
const WARM_UP_MS = 5_000;
/** The others are planned by the instant although it takes that much longer than the warm-up did. */
const PLANNING_MARGIN = 2;
/** How often the broker is asked how many it has handed out. */
const LOOK_MS = 50;
/** So long without any progress, and what is missing is missing. */
const PATIENCE_MS = 60_000;

export interface DueOptions {
  messages: number | undefined;
  /** How many notifiers, for each row of the table. */
  processes: number[] | undefined;
}

interface Result {
  processes: number;
  messages: number;
  /** Milliseconds after the instant. */
  handedOut: number[];
  claimed: number[];
  arrived: number[];
  missing: number;
  doubled: number;
  measures: Measures;
}

/** Each number of processes with a broker of its own; prints tables. */
export async function benchDue(options: DueOptions): Promise<Outcome> {
  const { messages = MESSAGES, processes = PROCESSES } = options;
  const results: Result[] = [];
  for (const count of processes) {
    const rig = await step(`broker, provider, ${count} × notifier: starting`, () =>
      startDueRig(count, DELAY_MS),
    );
    try {
      results.push(await measure(rig, { processes: count, messages }));
    } finally {
      await rig.close();
    }
  }
  say(`\n${table(HEAD, results.map(rowOf))}\n\n${table(COST_HEAD, results.map(costOf))}\n`);
  return { broken: results.flatMap(brokenPromises), ratios: ratioOf(results) };
}

const rateOf = ({ arrived, messages }: Result) => messages / (spreadOf(arrived).max / 1_000);

/** What more processes bring: it says the same on any machine with as many cores. */
function ratioOf([first, ...others]: readonly Result[]): Figure[] {
  return others.map((other) => ({
    name: `due, mails/s of ${other.processes} notifiers to ${first?.processes}`,
    value: rateOf(other) / (first ? rateOf(first) : NaN),
    better: 'more',
  }));
}

async function measure(
  rig: DueRig,
  { processes, messages }: Pick<Result, 'processes' | 'messages'>,
): Promise<Result> {
  const warmUpMs = await step(`${WARM_UP} messages, twice: warming up`, async () => {
    await warmUp(rig);
    return warmUp(rig);
  });
  const planningMs = (warmUpMs / WARM_UP) * messages * PLANNING_MARGIN + WARM_UP_MS;
  const dueAt = Date.now() + Math.round(planningMs);
  const leads = leadsDueAt(dueAt, messages, DELAY_MS);
  await step(`${messages} messages: planning`, () => plan(rig, leads, dueAt));
  const before = await rig.measures();
  const handedOut = watchBroker(rig, dueAt, messages);
  await step(`${messages} messages: waiting for the instant`, () =>
    delay(Math.max(0, dueAt - Date.now())),
  );
  await step(`${messages} messages: sending`, (note) => sent(rig, leads, note));

  const [arrivals, seen] = [await rig.resend.arrivals(), await rig.resend.seen()];
  const entries = await entriesOf(rig, leads);
  const arrived = leads.flatMap(({ email }) => arrivals.get(email ?? '') ?? []);
  const claimed = entries.flatMap(({ firstClaimAt: at }) => (at ? [Date.parse(at)] : []));
  const late = (times: readonly number[]) => times.map((at) => at - dueAt);
  return {
    processes,
    messages,
    doubled: seen.doubled,
    handedOut: late(await handedOut),
    claimed: late(claimed),
    arrived: late(arrived),
    missing: messages - Math.min(arrived.length, entries.filter(isSent).length),
    measures: sumOfAll(await rig.measures(), before),
  };
}

/** Returns how long planning took, in milliseconds. */
async function warmUp(rig: DueRig): Promise<number> {
  const startedAt = Date.now();
  const dueAt = startedAt + WARM_UP_MS;
  const leads = leadsDueAt(dueAt, WARM_UP, DELAY_MS);
  await plan(rig, leads, Infinity);
  const took = Date.now() - startedAt;
  await sent(rig, leads, () => undefined);
  return took;
}

/** When the broker handed messages out, in Unix milliseconds and as exactly as it is asked: each one is a message stored anew. */
async function watchBroker({ notifications }: DueRig, dueAt: number, messages: number) {
  const times: number[] = [];
  const { everStored } = await notifications();
  const until = dueAt + PATIENCE_MS;
  while (times.length < messages && Date.now() < until) {
    const now = await notifications();
    const added = Math.min(now.everStored - everStored, messages) - times.length;
    times.push(...Array.from({ length: added }, () => Date.now()));
    await delay(LOOK_MS);
  }
  return times;
}

/** Resolves when nothing is left to do, or nothing has happened for a long time. */
async function sent(rig: DueRig, leads: readonly Lead[], note: (detail: string) => void) {
  let lastMails = -1;
  let lastChangeAt = Date.now();
  while (Date.now() - lastChangeAt < PATIENCE_MS) {
    const { waiting } = await rig.notifications();
    if (waiting === 0) return;
    if (waiting !== lastMails) lastChangeAt = Date.now();
    lastMails = waiting;
    note(`${leads.length - waiting} of ${leads.length}`);
    await delay(LOOK_MS);
  }
}

async function entriesOf({ ledger }: DueRig, leads: readonly Lead[]): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  await eachOf(leads, async ({ leadId }) => {
    const entry = await ledger.find(
      deliveryOf({ leadId, channel: 'email', template: 'proftest-result' }),
    );
    if (entry) entries.push(entry);
  });
  return entries;
}

const isSent = ({ state }: LedgerEntry) => state === 'sent';

function sumOfAll(after: readonly Measures[], before: readonly Measures[]): Measures {
  const sum = (all: readonly Measures[], name: keyof Measures) =>
    all.reduce((total, each) => total + each[name], 0);
  const grown = (name: keyof Measures) => sum(after, name) - sum(before, name);
  return {
    mails: grown('mails'),
    handling: grown('handling'),
    turn: grown('turn'),
    call: grown('call'),
    cpu: grown('cpu'),
  };
}

const HEAD = [
  ...['messages', 'notifiers', 'handed out: p50, p99, max', 'claimed', 'at the provider'],
  ...['early', 'doubled', 'missing'],
];

function rowOf({ messages, processes, handedOut, claimed, arrived, ...counts }: Result): string[] {
  return [
    ...[messages.toLocaleString('en-US'), String(processes)],
    ...[handedOut, claimed, arrived].map(late),
    ...[earlyOf(claimed, arrived), counts.doubled, counts.missing].map(String),
  ];
}

function late(times: readonly number[]): string {
  const { p50, p99, max } = spreadOf(times);
  return [p50, p99, max].map((ms) => `${(ms / 1_000).toFixed(2)} s`).join(', ');
}

function earlyOf(...times: readonly (readonly number[])[]): number {
  return times.flat().filter((ms) => ms < 0).length;
}

const COST_HEAD = [
  ...['notifiers', 'messages/s', 'one message takes', 'of it claim and turn', 'the call'],
  ...['the rest', 'notifiers busy'],
];

function costOf(result: Result): string[] {
  const { processes, arrived, measures } = result;
  const { mails, handling, turn, call, cpu } = measures;
  const seconds = spreadOf(arrived).max / 1_000;
  const each = (total: number) => `${((total / mails) * 1_000).toFixed(1)} ms`;
  return [
    ...[String(processes), rateOf(result).toFixed(0), each(handling), each(turn)],
    ...[each(call), each(handling - turn - call)],
    `${((cpu / seconds / processes) * 100).toFixed(0)}% of a core each`,
  ];
}

function brokenPromises({ processes, claimed, arrived, doubled, missing }: Result): string[] {
  return Object.entries({ early: earlyOf(claimed, arrived), doubled, missing })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${processes} notifiers: ${count} messages ${what}`);
}
