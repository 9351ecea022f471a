/**
 * The sums of reports: leads, sales and refunds told in any order, with repeats and a kill, through the real broker and
 * lead-store; then every number beside one that is counted here from the facts themselves.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { addDays } from '@leadwire/operations/reports/report';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import { nodeOptions } from '@leadwire/testing/preload';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { startSupabase, startTraffic, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import {
  KILLS,
  LEADS,
  PEOPLE,
  REFUNDS,
  SALES,
  cohortsApart,
  countedApart,
  leads,
  makeFacts,
  sales,
} from './month-of-facts.ts';
import { editAndCompare } from './report-edits.ts';
import { addManagers, addTargetologist } from './report-staff.ts';
import { runCli } from './run-cli.ts';
import { everyFact, handAround, isHandled } from './tell-facts.ts';

const PERIOD = ['--since', '2026-03-01', '--until', '2026-03-31'];

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
let store: ServiceProcess;
let folder: string;

/** The broker hands out what a killed one held after two seconds, not after thirty. */
const NODE_OPTIONS = nodeOptions(['impatient.ts']);
const startStore = () => {
  const env = { NATS_URL: broker.url, NODE_OPTIONS, ...supabase.env };
  return startServiceProcess({ entry: 'services/lead-store/src/main.ts', env });
};

const cli = (...args: string[]) => runCli({ NATS_URL: broker.url, ...supabase.env }, ...args);

beforeAll(async () => {
  makeFacts();
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
  folder = await mkdtemp(join(tmpdir(), 'leadwire-report-'));
  store = await startStore();
  const told = everyFact(bus);
  const part = Math.ceil(told.length / (KILLS + 1));
  for (let n = 0; n <= KILLS; n++) {
    await Promise.all(told.slice(n * part, (n + 1) * part).map((tell) => tell()));
    if (n === KILLS) break;
    await store.kill();
    store = await startStore();
  }
  await waitFor(() => isHandled(bus), { timeoutMs: 480_000, what: 'everything to be written' });
}, 600_000);

afterAll(async () => {
  await store?.kill();
  await bus?.drain();
  await Promise.all([broker?.close(), supabase?.close()]);
});

interface Row {
  keys: string[] | null;
  [name: string]: unknown;
}
async function reported(...args: string[]) {
  const { code, out, err } = await cli('report', ...PERIOD, '--json', ...args);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as { rows: Row[]; total: Row };
}

test.each([
  ['source', 'last'],
  ['source', 'first'],
  ['day', 'last'],
  ['day', 'first'],
] as const)(
  'by %s and %s touch every number is the one that is counted apart',
  async (by, touch) => {
    const { rows, total } = await reported('--by', by, '--touch', touch);
    const found = Object.fromEntries(
      rows.map(({ keys, leads: count, people, sales: sold, refunds, revenue }) => [
        keys?.[0] ?? '∅',
        { leads: count, people, sales: sold, refunds, revenue },
      ]),
    );
    expect(found).toEqual(countedApart(by, touch));
    expect(total).toMatchObject({
      leads: LEADS,
      people: PEOPLE,
      sales: SALES - REFUNDS,
      refunds: REFUNDS,
      revenue: sales
        .filter(({ isRefunded }) => !isRefunded)
        .reduce((sum, { sale }) => sum + sale.amount, 0),
      spend: null,
      cpl: null,
    });
  },
);

test('cohorts are the leads of a week and what they had bought after so many days', async () => {
  interface Counted {
    cohort: string;
    leads: number;
    sales: number;
    within: number[];
  }
  const cohortsOf = async (...args: string[]) =>
    (await reported('--cohorts', ...args)) as unknown as { total: Row; cohorts: Counted[] };
  const { cohorts } = await cohortsOf();
  expect(cohorts).toEqual(cohortsApart('last'));
  expect((await cohortsOf('--touch', 'first')).cohorts).toEqual(cohortsApart('first'));
  const one = await cohortsOf('--source', 'facebook', '--by', 'month');
  expect(one.cohorts).toMatchObject([
    { cohort: '2026-03-01', leads: one.total['leads'], sales: one.total['sales'] },
  ]);
  expect((await cli('report', ...PERIOD, '--cohorts')).out).toMatch(
    /LEADS OF +LEADS +7 DAYS .*SALES\n2026-03-/,
  );
});

test('of one source, or one campaign of it, are the rows and the sum alone', async () => {
  const { facebook } = countedApart('source', 'last') as Record<string, { leads: number }>;
  const one = await reported('--by', 'campaign', '--source', 'Facebook');
  expect(one.total).toMatchObject({ leads: facebook?.leads });
  expect(new Set(one.rows.map(({ keys }) => keys?.[0]))).toEqual(new Set(['facebook']));
  const [, campaign = ''] = one.rows[0]?.keys ?? [];
  const part = await reported('--by', 'ad', '--source', 'facebook', '--campaign', campaign);
  expect(part.total).toMatchObject({
    leads: one.rows[0]?.['leads'],
    sales: one.rows[0]?.['sales'],
  });
});

test('the days of the traffic dashboard are counted anew; the same again changes nothing', async () => {
  const { traffic, env } = await startTraffic();
  onTestFinished(() => traffic.close());
  await addTargetologist(supabase, ['facebook', 'Google']);
  const recount = async (...more: string[]) => {
    const given = { NATS_URL: broker.url, ...supabase.env, ...env };
    return runCli(given, 'traffic', 'recount', ...PERIOD, ...more);
  };
  const first = JSON.parse((await recount('--json')).out) as { changed: number };
  const sums = await traffic.sql(
    'select sum(leads)::int as leads, sum(sales)::int as sales, sum(revenue)::int as revenue from traffic_daily_stats',
  );
  const { rows } = await reported('--by', 'source');
  const tagged = rows.filter(({ keys }) => ['facebook', 'google'].includes(keys?.[0] ?? ''));
  const sum = (name: string) => tagged.reduce((all, row) => all + Number(row[name]), 0);
  expect(sums).toEqual([{ leads: sum('leads'), sales: sum('sales'), revenue: sum('revenue') }]);
  expect(first.changed).toBeGreaterThan(0);
  const again = await recount();
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringContaining('0 rows of traffic_daily_stats changed, 0 ₸'),
  });
  const wrong = await recount('--until', '2026-02-01');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('is later than') });
  const alone = await cli('traffic', 'recount');
  expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('TRAFFIC_SUPABASE_URL') });
});

test('spend is brought in from a file, twice is once, and a new file of the same days replaces it', async () => {
  const file = join(folder, 'spend.csv');
  const day = (n: number) => addDays('2026-03-01', n);
  const write = (lines: string[]) =>
    writeFile(file, ['дата;источник;кампания;расход', ...lines].join('\n'));
  await write([
    `${day(0)};Facebook;c0;1000`,
    `${day(0)};facebook;c1;500,50`,
    `${day(1)};google;;300`,
  ]);
  expect((await cli('spend', 'import', file, '--dry-run')).out).toContain('3 rows, 1801 ₸');
  for (let n = 0; n < 2; n++)
    expect((await cli('spend', 'import', file)).out).toContain('3 rows of 2 days');
  const { rows, total } = await reported();
  const spendOf = (source: string) => rows.find(({ keys }) => keys?.[0] === source)?.['spend'];
  expect([spendOf('facebook'), spendOf('google'), spendOf('instagram'), total['spend']]).toEqual([
    1500.5,
    300,
    null,
    1800.5,
  ]);
  await write([`${day(0)};facebook;;700`]);
  expect((await cli('spend', 'import', file)).out).toContain('1501 ₸ of before are replaced');
  const table = (await cli('report', ...PERIOD, '--csv', join(folder, 'report.csv'))).out;
  expect(table).toMatch(/google .* 300 /);
  expect(table).toMatch(new RegExp(`total +${LEADS} +${PEOPLE} `));
  const csv = await readFile(join(folder, 'report.csv'), 'utf8');
  expect(csv).toMatch(/^\uFEFFИсточник;/);
  expect(csv).toContain('\r\nfacebook;;');

  await write(['31.02.2026;facebook;;700']);
  const refused = await cli('spend', 'import', file);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('line 2: day') });
  const audit = await bus.lastUnder('AUDIT', 'audit.spend.imported.*');
  expect(audit?.event).toMatchObject({
    data: { action: 'spend.imported', result: 'done', details: { amount: 700 } },
  });
});

test('a lead that a bot left counts nowhere until it is let out', async () => {
  const data = someLead({ quarantine: 'honeypot', receivedAt: '2026-03-05T10:00:00.000Z' });
  const { leadId, kind } = data;
  const held = makeEvent('lead.quarantined.v1', { source: 'test', subject: leadId, data });
  await bus.publish(subjects.leadQuarantined(kind, leadId), held);
  await waitFor(() => isHandled(bus), { timeoutMs: 60_000, what: 'the held lead to be written' });
  expect((await reported()).total['leads']).toBe(LEADS);
  const id = derivedId('release', leadId);
  const released = makeEvent('lead.released.v1', { source: 'test', subject: leadId, data, id });
  await bus.publish(subjects.leadReleased(kind, leadId), released);
  await waitFor(async () => (await reported()).total['leads'] === LEADS + 1, {
    what: 'it to count',
  });
}, 150_000);

test('leads that were taken, handed over and told late part by who has them now, and by nobody else', async () => {
  await addManagers(supabase);
  await handAround(
    bus,
    leads.map(({ lead }) => lead.leadId),
  );
  const owners = () =>
    supabase.landing.sql<{ manager_id: string }>(
      'select id, manager_id from landing_leads where taken_at is not null',
    );
  await waitFor(async () => (await isHandled(bus)) && (await owners()).length === 3, {
    timeoutMs: 120_000,
  });
  const { rows, total } = await reported('--by', 'manager');
  const counted = Object.fromEntries(rows.map(({ keys, leads: count }) => [keys?.[1], count]));
  const none = Number(total['leads']) - 3;
  // Nobody’s name is empty; who has left and never gave a name is called by their address.
  expect(counted).toEqual({ Дана: 2, erlan: 1, '': none, undefined: 0 });
  for (const [email, count] of [
    ['DANA@leadwire-sample.kz', 2],
    ['erlan@leadwire-sample.kz', 1],
    ['none', none],
  ] as const) {
    const one = await reported('--by', 'source', '--manager', email);
    expect(one.total['leads']).toBe(count);
    expect(rows.find(({ leads: found }) => found === count)).toMatchObject({
      sales: one.total['sales'],
      revenue: one.total['revenue'],
      people: one.total['people'],
    });
  }
  const stranger = await cli('report', '--manager', 'nobody@leadwire-sample.kz');
  expect(stranger).toMatchObject({ code: 2, err: expect.stringContaining('Nobody here') });
  expect((await cli('report', ...PERIOD, '--by', 'manager')).out).toMatch(/Без менеджера +\d/);
}, 300_000);

test('whatever is changed afterwards, the kept sums are those that are counted anew', async () => {
  for (const { edit, kept, anew } of await editAndCompare(supabase.landing, 60)) {
    expect({ edit, said: kept }).toEqual({ edit, said: anew });
  }
}, 300_000);

test('an audit names what is open and what to do, and fails for what is dangerous', async () => {
  await supabase.landing.sql(
    'create table left_open (id integer, person_id uuid references people (id))',
  );
  await supabase.landing.sql('grant select on left_open to anon');
  const { code, out, err } = await cli('audit', 'monthly');
  expect([code, err]).toEqual([1, expect.stringContaining('Защита строк (RLS), Доступ без входа')]);
  for (const words of [
    'left_open',
    'left_open.person_id',
    'Продажи без заявки',
    '→ Отзовите',
    'KV_',
  ]) {
    expect(out).toContain(words);
  }
  await supabase.landing.sql('drop table left_open');
  const after = await cli('audit', 'monthly', '--json');
  expect(after).toMatchObject({ code: 0, err: '' });
  const found = JSON.parse(after.out) as { part: string; state: string }[];
  expect(found.filter(({ state }) => state === 'broken')).toEqual([]);
});
