/** How much memory messages take that wait for their time: here, and as delayed jobs of BullMQ. */
import { Queue } from 'bullmq';
import { leadCreated } from '@leadwire/testing/lead';
import { say, step } from '../scripts/machine/progress.mjs';
import { findRedisServer } from '../scripts/machine/redis-server.ts';
import { startDueRig } from './due-rig.ts';
import type { Outcome } from './outcome.ts';
import { leadsDueAt, plan } from './planned-leads.ts';
import { megabytesOf } from './process-use.ts';
import { startRedis } from './redis.ts';
import { table } from './table.ts';

const MESSAGES = 100_000;
/** Nothing is due while it is measured. */
const DAY_MS = 24 * 60 * 60_000;
/** Jobs that one command of BullMQ adds. */
const JOBS_AT_ONCE = 1_000;

export interface PlannedOptions {
  messages: number | undefined;
}

/** Megabytes of each process, before the messages and with them. */
interface Held {
  process: string;
  before: number;
  with: number;
}

/** Prints a table. */
export async function benchPlanned({ messages = MESSAGES }: PlannedOptions): Promise<Outcome> {
  const ours = await holdOurs(messages);
  const theirs = await holdTheirs(messages);
  const [broker, redis] = [ours[0]?.with ?? NaN, theirs[0]?.with ?? NaN];
  const all = ours.reduce((sum, each) => sum + each.with, 0);
  const rows = [...ours, ...theirs].map((held) => [
    held.process,
    ...[held.before, held.with].map((value) => `${value.toFixed(0)} MB`),
    `${(((held.with - held.before) / messages) * 1024).toFixed(2)} KB`,
  ]);
  say(`\n${table(['process', 'before', `with ${messages} messages`, 'a message'], rows)}\n`);
  if (theirs.length === 0) {
    say('No redis-server 6.2 or newer: nothing to compare with.\n');
    return { broken: [], ratios: [] };
  }
  say(
    `broker to Redis ${(broker / redis).toFixed(2)} ×, broker and notifier ${(all / redis).toFixed(2)} ×\n`,
  );
  const name = `memory of planned messages, broker to Redis`;
  return { broken: [], ratios: [{ name, value: broker / redis, better: 'less' }] };
}

/** One mail of one lead is one message: the lead, its ledger and its schedule are all kept. */
async function holdOurs(messages: number): Promise<Held[]> {
  const rig = await startDueRig(1, DAY_MS);
  try {
    const { broker, notifiers } = rig.pids();
    const parts = [
      { process: 'nats-server', pid: broker },
      { process: 'notifier', pid: notifiers[0] },
    ];
    const before = parts.map(({ pid }) => megabytesOf(pid));
    await step(`${messages} messages: planning`, () =>
      plan(rig, leadsDueAt(Date.now() + DAY_MS, messages, DAY_MS), Infinity),
    );
    return parts.map(({ process, pid }, index) => ({
      process,
      before: before[index] ?? NaN,
      with: megabytesOf(pid),
    }));
  } finally {
    await rig.close();
  }
}

/** The usual way: a delayed job with the lead in it. */
async function holdTheirs(messages: number): Promise<Held[]> {
  const server = await findRedisServer(say);
  if (!server) return [];
  const redis = await startRedis(server);
  const queue = new Queue('mails', { connection: { host: '127.0.0.1', port: redis.port } });
  try {
    await queue.waitUntilReady();
    const before = megabytesOf(redis.pid);
    await step(`${messages} delayed jobs of BullMQ: adding`, async () => {
      for (let from = 0; from < messages; from += JOBS_AT_ONCE) {
        const leads = leadsDueAt(Date.now(), Math.min(JOBS_AT_ONCE, messages - from), DAY_MS);
        await queue.addBulk(
          leads.map((lead) => ({
            name: 'email',
            data: leadCreated(lead),
            opts: { delay: DAY_MS, jobId: lead.leadId },
          })),
        );
      }
    });
    const process = `Redis ${server.version}`;
    return [{ process, before, with: megabytesOf(redis.pid) }];
  } finally {
    await queue.close();
    await redis.close();
  }
}
