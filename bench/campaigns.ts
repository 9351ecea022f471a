/** Campaigns of several sizes, by mail or by SMS, against the provider's own limit. */
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '@leadwire/testing/nats';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { startLanding } from '@leadwire/testing/supabase';
import { z } from 'zod';
import { say, step } from '../scripts/machine/progress.mjs';
import type { Seen } from './counting-provider-server.ts';
import { startCountingProvider, type CountingProvider } from './counting-provider.ts';
import { campaignChannels, type ChannelName } from './campaign-channels.ts';
import type { Figure, Outcome } from './outcome.ts';
import { processorSecondsOf } from './process-use.ts';
import { readMeasures } from './service-measures.ts';
import { table } from './table.ts';

/** With fewer, starting takes longer than sending. */
const FEWEST_CALLS = 10;
const SIZES = [100, 10_000, 100_000];
const ADMIN_TOKEN = 'an-admin-token-for-the-bench';
/** Counting 30,000 people is work for the database, too; the times are its own. */
const POLL_MS = 1_000;

export interface BenchOptions {
  people: number[] | undefined;
  /** Calls a second, for every size. */
  limit: number | undefined;
  /** How many mailer-batch share the work. */
  processes: number | undefined;
  channel?: ChannelName | undefined;
}

interface Result {
  channel: ChannelName;
  people: number;
  limit: number;
  /** Until the list is checked, stored and ready to be confirmed. */
  listSeconds: number;
  /** From the start to the last person, by the database's clock. */
  sendSeconds: number;
  /** Of these: until the first call began to arrive, and from the last call's arrival on. */
  edgeSeconds: { begin: number; end: number };
  peakMegabytes: number;
  /** Processor time from the start to the end, in seconds: of all mailer-batch together, of the database. */
  busySeconds: { mailers: number; database: number };
  seen: Seen;
}

/** Runs the sizes one after the other, each with a fresh process, and prints a table. */
export async function benchCampaigns({
  people = SIZES,
  channel = 'email',
  limit = campaignChannels[channel].limit,
  processes = 1,
}: BenchOptions): Promise<Outcome> {
  const [broker, supabase, provider] = await step('broker, database, provider: starting', () =>
    Promise.all([startNats(), startLanding(undefined, { isFresh: true }), startCountingProvider()]),
  );
  const results: Result[] = [];
  try {
    for (const size of people) {
      provider.restart(limit);
      const env = { ...supabase.env, NATS_URL: broker.url };
      const start = () => startMailer(env, provider.url, limit);
      const mailer = await start();
      const others = await Promise.all(Array.from({ length: processes - 1 }, start));
      try {
        results.push(
          await step(`${size} people at ${limit} calls a second`, () =>
            measure([mailer, ...others], provider, {
              channel,
              people: size,
              limit,
              databasePid: supabase.landing.pid,
            }),
          ),
        );
      } finally {
        await Promise.all([mailer, ...others].map((each) => each.stop()));
      }
    }
  } finally {
    await Promise.all([broker.close(), supabase.close(), provider.close()]);
  }
  say(`\n${describe(results)}\n`);
  return { broken: results.flatMap(brokenPromises), ratios: results.flatMap(figureOf) };
}

/** Seconds that the account allows at best: the first call may leave at once, n calls take n - 1 distances. */
function idealOf({ channel, people, limit }: Result): number | undefined {
  const leastCalls = campaignChannels[channel].leastCalls(people);
  // Of a few nothing can be said.
  return leastCalls < FEWEST_CALLS ? undefined : (leastCalls - 1) / limit;
}

function figureOf(result: Result): Figure[] {
  const ideal = idealOf(result);
  if (ideal === undefined) return [];
  const sms = result.channel === 'sms' ? ' by SMS' : '';
  const name = `campaign of ${result.people}${sms} at ${result.limit}/s to the ideal`;
  return [{ name, value: result.sendSeconds / ideal, better: 'less' }];
}

function startMailer(
  env: Record<string, string>,
  providerUrl: string,
  limit: number,
): Promise<ServiceProcess> {
  return startServiceProcess({
    entry: 'services/mailer-batch/src/main.ts',
    env: {
      ...env,
      ADMIN_TOKEN,
      CAMPAIGN_QUIET_HOURS: 'none',
      PUBLIC_BASE_URL: 'https://leadwire.kz',
      UNSUBSCRIBE_SECRET: 'a-secret-for-the-bench-of-32-characters',
      CONTACT_HASH_SECRET: 'a-hash-key-for-the-bench-of-32-chars',
      RESEND_API_KEY: 're_bench',
      RESEND_BASE_URL: providerUrl,
      RESEND_FROM_EMAIL: 'Leadwire <hello@leadwire.kz>',
      RESEND_RATE_PER_SECOND: String(limit),
      MOBIZON_API_KEY: 'k'.repeat(40),
      MOBIZON_BASE_URL: providerUrl,
      MOBIZON_RATE_PER_SECOND: String(limit),
      SMS_BUDGET_PER_HOUR: '0',
      SMS_BUDGET_PER_DAY: '0',
    },
  });
}

const answerSchema = z.object({
  campaign: z.object({
    id: z.string(),
    status: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
  }),
});

interface Measured extends Pick<Result, 'channel' | 'people' | 'limit'> {
  databasePid: number | undefined;
}

async function measure(
  mailers: readonly [ServiceProcess, ...ServiceProcess[]],
  provider: CountingProvider,
  { channel, people, limit, databasePid }: Measured,
): Promise<Result> {
  const [mailer] = mailers;
  const busy = () => ({
    mailers: mailers.reduce((sum, { pid }) => sum + processorSecondsOf(pid), 0),
    database: processorSecondsOf(databasePid),
  });
  const call = async (path: string, init: RequestInit): Promise<unknown> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...init.headers };
    const response = await fetch(`${mailer.url}/api/campaigns${path}`, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  const read = (answer: unknown) => answerSchema.parse(answer).campaign;
  const json = { 'content-type': 'application/json' };

  const memory = watchMemory(mailer);
  const begunAt = performance.now();
  const { id } = read(
    await call('', {
      method: 'POST',
      headers: json,
      body: JSON.stringify(campaignChannels[channel].draft),
    }),
  );
  const csv = { 'content-type': 'text/csv' };
  await call(`/${id}/audience`, {
    method: 'PUT',
    headers: csv,
    body: campaignChannels[channel].list(people),
  });
  const listSeconds = (performance.now() - begunAt) / 1_000;
  const before = busy();
  const start = { method: 'POST', headers: json, body: JSON.stringify({ confirm: people }) };
  await call(`/${id}/start`, start);
  let campaign = read(await call(`/${id}`, {}));
  while (campaign.status === 'running') {
    await delay(POLL_MS);
    campaign = read(await call(`/${id}`, {}));
  }
  if (campaign.status !== 'finished') throw new Error(`the campaign is ${campaign.status}`);
  const after = busy();
  const busySeconds = {
    mailers: after.mailers - before.mailers,
    database: after.database - before.database,
  };
  const peakMegabytes = await memory.stop();
  const seen = await provider.seen();
  const times = timesOf(campaign, seen);
  return { channel, people, limit, listSeconds, ...times, peakMegabytes, busySeconds, seen };
}

/** By the database's clock, and the provider's for its calls: here they are one. */
function timesOf(
  campaign: Pick<z.infer<typeof answerSchema>['campaign'], 'startedAt' | 'finishedAt'>,
  { firstAt, lastAt }: Seen,
): Pick<Result, 'sendSeconds' | 'edgeSeconds'> {
  const startedAt = Date.parse(campaign.startedAt ?? '');
  const finishedAt = Date.parse(campaign.finishedAt ?? '');
  return {
    sendSeconds: (finishedAt - startedAt) / 1_000,
    edgeSeconds: { begin: (firstAt - startedAt) / 1_000, end: (finishedAt - lastAt) / 1_000 },
  };
}

/** The most memory that the process had, by its own measure, in megabytes. */
function watchMemory(service: ServiceProcess): { stop(): Promise<number> } {
  let peak = 0;
  let isStopping = false;
  const watch = async (): Promise<void> => {
    while (!isStopping) {
      // While it starts and ends it may not answer.
      const read = await readMeasures({ url: service.url, adminToken: ADMIN_TOKEN }).catch(
        () => undefined,
      );
      peak = Math.max(peak, (read?.('process_resident_memory_bytes') ?? 0) / 1024 ** 2);
      await delay(POLL_MS);
    }
  };
  const watching = watch();
  return {
    async stop() {
      isStopping = true;
      await watching;
      return peak;
    },
  };
}

const HEAD = [
  ...[
    'recipients',
    'calls',
    'limit',
    'ideal',
    'took',
    'of ideal',
    'first call',
    'last call to end',
  ],
  ...['most in 1 s', 'refused', 'missed', 'doubled', 'list', 'peak memory'],
  'busy for 1,000: mailer, database',
];

function describe(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const {
      people,
      limit,
      listSeconds,
      sendSeconds,
      edgeSeconds,
      peakMegabytes,
      busySeconds,
      seen,
    } = result;
    const ofThousand = (value: number) => `${((value / people) * 1_000).toFixed(2)} s`;
    const ideal = idealOf(result);
    return [
      ...[people.toLocaleString('en-US'), String(seen.calls), `${limit}/s`],
      ...[ideal === undefined ? '' : seconds(ideal), seconds(sendSeconds)],
      ideal === undefined ? '' : `${(sendSeconds / ideal).toFixed(3)} ×`,
      ...[`${edgeSeconds.begin.toFixed(2)} s`, `${edgeSeconds.end.toFixed(2)} s`],
      ...[String(seen.mostInASecond), String(seen.refused), String(people - seen.addresses)],
      ...[String(seen.doubled), seconds(listSeconds), `${Math.round(peakMegabytes)} MB`],
      `${ofThousand(busySeconds.mailers)}, ${ofThousand(busySeconds.database)}`,
    ];
  });
  return table(HEAD, rows);
}

function brokenPromises({ people, seen }: Result): string[] {
  const { doubled, refused } = seen;
  const counts = { missed: people - seen.addresses, doubled, 'over the limit': refused };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${people} people: ${count} ${what}`);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
