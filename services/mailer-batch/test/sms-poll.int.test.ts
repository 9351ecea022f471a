/** SMS whose report is lost: Mobizon is asked. Real broker, database and sandbox; the mailer's parts in this process. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { openTestBus } from '@leadwire/testing/bus';
import { waitFor } from '@leadwire/testing/wait-for';
import { MOBIZON_KEY } from '@leadwire/testing/settings';
import { createFacts, type Facts } from '../src/reports/facts.ts';
import { startSmsPoll } from '../src/sending/sms-poll.ts';
import { useRig } from './rig.ts';

const BATCH = { provider: 'mobizon', path: '/service/message/getSMSStatus' };

let bus: Bus;
// Before the rig's own: the broker goes last.
afterAll(() => bus?.drain());
const rig = useRig({ hasMailer: true });
let database: Database;
let facts: Facts;

beforeAll(async () => {
  bus = await openTestBus(rig.broker(), 'mailer-batch');
  const { url } = rig.supabase().landing;
  const serviceKey = rig.supabase().env.LANDING_SUPABASE_SERVICE_KEY;
  database = createDatabase({ project: 'landing', url, serviceKey });
  const metrics = createMetrics('test');
  const mobizon = createMobizon({
    apiKey: MOBIZON_KEY,
    baseUrl: `${rig.sandbox().url}/mobizon`,
    limiter: createLimiter({ bus, metrics, account: 'mobizon', ratePerSecond: 50 }),
    track: (_action, _context, call) => call(),
  });
  facts = createFacts({ database, mobizon, bus, storeClick: () => Promise.resolve() });
}, 60_000);

/** No webhook is set up: nobody is told of anything. */
beforeEach(async () => {
  await rig.control().mobizon.set({ statusStepMs: 10, outcomes: {} });
});

const sql = (text: string, values: unknown[] = []) => rig.supabase().landing.sql(text, values);

/** A finished SMS campaign to `count` numbers. */
async function sent(count: number, from: number): Promise<string> {
  const list = Array.from({ length: count }, (_, n) => ({
    contact: `+7705${1_000_000 + from + n}`,
  }));
  const id = await rig.launch(list, { channel: 'sms', batchSize: 500 });
  expect((await rig.until(id, 'finished', 90_000)).counts.sent).toBe(count);
  return id;
}

/** A quarter of an hour later, or whenever its next time is. */
const makeDue = (id: string) =>
  sql(
    `update campaign_recipients set ask_at = now() where campaign_id = $1 and ask_at is not null`,
    [id],
  );

const ended = (id: string, count: number) =>
  waitFor(
    async () => {
      const { counts } = await rig.campaign(id);
      return counts.delivered + counts.bounced === count ? counts : undefined;
    },
    { timeoutMs: 60_000, what: 'the ends of all SMS' },
  );

describe('an SMS whose report is lost', () => {
  test('is asked about after a quarter of an hour, not before', async () => {
    await rig.control().mobizon.set({ outcomes: { '77051000001': 'UNDELIV' } });
    const id = await sent(3, 0);
    expect(await facts.askAboutSms()).toEqual({ asked: 0, ended: 0, isMore: false });
    await makeDue(id);
    const poll = startSmsPoll({ facts, log: createLog('test', 'silent'), everyMs: 20 });
    try {
      expect(await ended(id, 3)).toMatchObject({ delivered: 2, bounced: 1, sent: 3 });
    } finally {
      await poll.stop();
    }
    // Whose end is known is not asked about again.
    expect(await sql(`select 1 from campaign_recipients where ask_at is not null`)).toEqual([]);
  }, 180_000);

  test('is asked about by one of several replicas, a hundred in a call', async () => {
    const id = await sent(250, 100);
    await makeDue(id);
    const asked = await Promise.all([facts, facts, facts, facts].map((each) => each.askAboutSms()));
    expect(asked.map((each) => each.asked).sort((a, b) => a - b)).toEqual([0, 50, 100, 100]);
    await ended(id, 250);
    const calls = (await rig.control().requests('mobizon')).filter(({ path }) =>
      path.endsWith('getSMSStatus'),
    );
    expect(calls.length).toBeLessThanOrEqual(3 + 1);
  }, 180_000);

  test('that has no end yet is asked about less and less often, and in the end not at all', async () => {
    // Its status never moves.
    await rig.control().mobizon.set({ statusStepMs: 10_000_000 });
    const id = await sent(1, 500);
    const waits: number[] = [];
    for (let time = 1; time <= 8; time += 1) {
      await makeDue(id);
      const { asked } = await facts.askAboutSms();
      const [row] = await sql(
        `select round(extract(epoch from ask_at - now()) / 900)::int as quarters from campaign_recipients
          where campaign_id = $1`,
        [id],
      );
      if (asked === 1) waits.push(Number(row?.['quarters'] ?? 0));
    }
    // Quarters of an hour; 0 is the end of it.
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 0]);
  }, 120_000);

  test('while Mobizon is down waits for its next time', async () => {
    const id = await sent(1, 600);
    await makeDue(id);
    await rig.control().addFault({ ...BATCH, count: 1, action: { do: 'refuse', status: 503 } });
    await expect(facts.askAboutSms()).rejects.toThrow('Mobizon');
    await makeDue(id);
    expect(await facts.askAboutSms()).toMatchObject({ asked: 1, ended: 1 });
    await ended(id, 1);
  }, 120_000);
});
