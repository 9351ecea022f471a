/** What an audit found, before and after: who sees whom, which ad brought them, and whether the sums are the same everywhere. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importOlderLeads } from '@leadwire/operations/leads/older-leads';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import { importOne, planImport, readTrafficUsers } from '@leadwire/operations/staff/import-traffic';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { createLog } from '@leadwire/shared/runtime/log';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { attributeAll } from '../src/attribution.ts';
import { keepReportDays } from '../src/report-days.ts';
import { countOf, seenBy, tryMore } from './four-databases-access.ts';
import { addOthers, addStudents, carryEverybody, mailOf } from './four-databases-people.ts';
import { startFour, type FourDatabases } from './four-databases-rig.ts';
import { AMOUNT, buy, sumsOf } from './four-databases-sums.ts';

const log = createLog('test', 'silent');

let broker: TestBroker;
let bus: Bus;
let four: FourDatabases;

beforeAll(async () => {
  [broker, four] = await Promise.all([startNats(), startFour()]);
  bus = await openTestBus(broker, 'test');
}, 240_000);
afterAll(async () => {
  await bus?.drain();
  await Promise.all([broker?.close(), four?.close()]);
});

const sql = async <Row extends object>(project: StaffProjectName, query: string) =>
  four.databases[project].sql<Row>(query);
const need = (name: StaffProjectName) => four.projects.get(name)!;
const databaseOf = (name: StaffProjectName) => need(name).database;
const { report, recount, days, store } = sumsOf(() => four);

test('before, a manager of the traffic database has no login where the students are, and nobody knows what brought them', async () => {
  for (const project of ['landing', 'tripwire', 'traffic', 'main'] as const) {
    await expect(four.as(project, mailOf('aida'))).rejects.toThrow(/credentials/i);
  }
  expect(await days('')).toMatchObject([
    { source: 'arystanfb', leads: 0, spend: 100_000 },
    { source: 'kenjifb', leads: 0, spend: 90_000 },
  ]);
  expect(
    await sql(
      'tripwire',
      'select count(lead_id)::int as tied, count(*)::int as students from tripwire_users',
    ),
  ).toEqual([{ tied: 0, students: 92 }]);
  expect(await sql('landing', 'select count(*)::int as leads from landing_leads')).toEqual([
    { leads: 0 },
  ]);
});

test('people of the dashboard come over as they are; those of whom something is unclear are left, each with its reason', async () => {
  const directory = createStaffDirectory(need('landing').client);
  const plans = planImport(await readTrafficUsers(need('traffic')), await directory.list());
  const outcome = plans.map((plan) => (plan.outcome === 'left' ? plan.problem : plan.outcome));
  expect(outcome.sort()).toEqual([
    'import',
    'import',
    'import',
    'import',
    'mail_twice',
    'mail_twice',
    'no_mail',
  ]);
  const projects = [...four.projects.values()];
  for (const plan of plans) {
    if (plan.outcome !== 'import') continue;
    expect(await importOne({ directory, projects, bus, actor: 'cli:test' }, plan)).toEqual([]);
  }
  await addOthers({ directory, bus, actor: 'cli:test' });
  const staff = await directory.list();
  expect(staff.filter(({ role }) => role === 'targetologist')).toHaveLength(9);
  expect(await carryEverybody(projects, staff)).toEqual([]);
}, 240_000);

test('older leads become the one table once; both older names show them, and the rows of before stand', async () => {
  const landing = databaseOf('landing');
  const bring = (table: 'unified_lead_tracking' | 'lead_tracking') =>
    importOlderLeads({
      landing,
      table,
      holder: table === 'lead_tracking' ? databaseOf('tripwire') : landing,
    });
  expect(await bring('unified_lead_tracking')).toEqual({ imported: 61, tied: 0, no_contact: 0 });
  expect(await bring('lead_tracking')).toEqual({ imported: 173, tied: 0, no_contact: 0 });
  expect(await bring('lead_tracking')).toEqual({ imported: 0, tied: 0, no_contact: 0 });
  const both = `(select count(*)::int from landing_leads) as leads, (select count(*)::int from lead_tracking) as old_name,
    (select count(*)::int from unified_lead_tracking u join landing_leads l on l.id = u.lead_id) as unified,
    (select count(*)::int from unified_lead_tracking where landing_lead_id is not null and utm_campaign = 'jan') as kept`;
  expect(await sql('landing', `select ${both}`)).toEqual([
    { leads: 234, old_name: 234, unified: 234, kept: 61 },
  ]);
  expect(
    await sql(
      'tripwire',
      `select count(lead_id)::int as tied, count(*)::int as n from lead_tracking where stage = 'new'`,
    ),
  ).toEqual([{ tied: 173, n: 173 }]);
}, 240_000);

test('students learn their ad; a tag of theirs that says something else stays and is told once', async () => {
  for (let n = 0; n < 2; n++) await attributeAll(four.projects, log);
  const tied = `count(lead_id)::int as tied, count(*) filter (where attribution_looked_at is null)::int as without_contact,
    max(length(utm_source)) as longest`;
  expect(await sql('tripwire', `select ${tied} from tripwire_users`)).toEqual([
    { tied: 61, without_contact: 1, longest: 500 },
  ]);
  expect(
    await sql('main', 'select utm_source, utm_campaign, lead_id is not null as tied from users'),
  ).toEqual([{ utm_source: 'KenjiFB', utm_campaign: 'jan', tied: true }]);
  const conflicts = await sql<{ id: string; row_id: string }>(
    'landing',
    `select id, project, row_id, said ->> 'source' as said from attribution_conflicts order by row_id`,
  );
  expect(conflicts).toMatchObject([
    { project: 'tripwire', row_id: '3', said: 'tiktok' },
    { row_id: '5' },
  ]);

  const owner = await four.as('landing', mailOf('owner'));
  const shown = await owner.rpc('console_attribution_conflicts', { most: 10 });
  expect(shown.data).toHaveLength(2);
  const [lead, there] = conflicts;
  const decide = (conflict: string | undefined, decided: string) =>
    owner.rpc('console_decide_attribution', { conflict, decided });
  expect((await decide(lead?.id, 'lead')).data).toBe(true);
  expect((await decide(there?.id, 'there')).data).toBe(true);
  expect((await decide(there?.id, 'lead')).data).toBe(false);
  const targetologist = await four.as('landing', mailOf('kenesary'));
  expect((await targetologist.rpc('console_attribution_conflicts', { most: 10 })).error?.code).toBe(
    '42501',
  );
  await attributeAll(four.projects, log);
  expect(
    await sql(
      'tripwire',
      'select id::int, utm_source from tripwire_users where id in (3, 5) order by id',
    ),
  ).toEqual([
    { id: 3, utm_source: 'KenjiFB' },
    { id: 5, utm_source: 'tiktok' },
  ]);
  expect(
    await sql(
      'landing',
      "select count(*)::int as left from attribution_conflicts where decision is null or (decision = 'lead' and carried_at is null)",
    ),
  ).toEqual([{ left: 0 }]);
}, 240_000);

describe('sums', () => {
  test('of the dashboard are those of the report; counting again, late refunds and other rows change what they should', async () => {
    await store(Array.from({ length: 20 }, (_, n) => buy(n + 1)));
    // A campaign's own row of the same day and tag, and a tag that is nobody's: the dashboard's business.
    await sql(
      'traffic',
      `insert into traffic_daily_stats (day, utm_source, spend_kzt, leads) values ('2026-01-01', 'KENJIFB', 1, 0), ('2026-01-01', 'organic', 0, 77)`,
    );
    expect((await recount()).changed).toBe(10);
    const counted = await days(`where lower(utm_source) <> 'organic'`);
    expect(counted).toEqual([
      { source: 'arystanfb', leads: 30, sales: 10, revenue: 10 * AMOUNT, spend: 100_000 },
      { source: 'kenjifb', leads: 30, sales: 10, revenue: 10 * AMOUNT, spend: 90_001 },
    ]);
    const { rows, total } = await report('source');
    for (const { source, leads, sales, revenue, spend } of counted) {
      expect(rows.find(({ keys }) => keys?.[0] === source)).toMatchObject({
        leads,
        sales,
        revenue,
        spend,
      });
    }
    expect(total).toMatchObject({ leads: 61, sales: 20, revenue: 20 * AMOUNT, spend: 190_001 });
    expect(await recount()).toMatchObject({ changed: 0 });

    await store([buy(1, true), buy(2, true)]);
    expect(await recount()).toMatchObject({ changed: 2 });
    expect((await days(`where lower(utm_source) = 'kenjifb'`))[0]).toMatchObject({
      sales: 9,
      revenue: 9 * AMOUNT,
    });
    expect(
      (await report('targetologist')).rows.map(({ keys, sales }) => [keys?.[0], sales]),
    ).toEqual(
      expect.arrayContaining([
        ['Арыстан', 9],
        ['Кенесары', 9],
      ]),
    );
    expect((await days(`where utm_source = 'organic'`))[0]).toMatchObject({ leads: 77 });
    await sql(
      'landing',
      `update landing_leads set quarantined = true where lower(utm_source) = 'kenjifb'`,
    );
    await recount();
    expect((await days(`where lower(utm_source) = 'kenjifb'`))[0]).toMatchObject({
      leads: 0,
      sales: 0,
    });
    await sql('landing', 'update landing_leads set quarantined = false');
    await recount();
  }, 240_000);

  test('of spend are what a person brought in, and the dashboard fills the days without', async () => {
    const rows = [
      { day: '2026-01-02', source: 'kenjifb', campaign: 'jan', content: '', amount: 777 },
    ];
    await databaseOf('landing').storeRows('leadwire_import_spend', rows);
    expect(await recount()).toMatchObject({ changed: 0, kept: 1 });
    const spend = async () =>
      (await report('source')).rows.find(({ keys }) => keys?.[0] === 'kenjifb')?.spend;
    const [own] = await sql<{ sum: number }>(
      'traffic',
      `select sum(spend_kzt)::int as sum from traffic_daily_stats where lower(utm_source) = 'kenjifb' and day <> '2026-01-02'`,
    );
    expect(await spend()).toBe((own?.sum ?? 0) + 777);
  });
});

test('after, each sees what is theirs in every database, asked with real logins, and writes no more than that', async () => {
  const [mine] = await sql<{ n: number }>(
    'traffic',
    `select count(*)::int as n from traffic_daily_stats where lower(utm_source) = 'kenjifb'`,
  );
  const [all] = await sql<{ n: number }>(
    'traffic',
    'select count(*)::int as n from traffic_daily_stats',
  );
  await addStudents(four);
  const seen = (who: string) => seenBy(four, mailOf(who));
  expect(await seen('aida')).toEqual({ tripwire: 40, traffic: 0, main: 0 });
  expect(await seen('bolat')).toEqual({ tripwire: 30, traffic: 0, main: 0 });
  expect(await seen('kenesary')).toEqual({ tripwire: 0, traffic: mine?.n, main: 0 });
  expect(await seen('owner')).toEqual({ tripwire: 92, traffic: all?.n, main: 2 });
  expect(await countOf(await four.as('main', mailOf('student1')), 'users')).toBe(1);

  const [kenesary, aida] = await Promise.all([
    four.as('traffic', mailOf('kenesary')),
    four.as('traffic', mailOf('aida')),
  ]);
  const columns = 'id, email, role';
  expect((await kenesary.from('traffic_users').select(columns)).data).toMatchObject([
    { role: 'targetologist' },
  ]);
  expect((await aida.from('traffic_users').select(columns)).data).toMatchObject([
    { role: 'manager' },
  ]);
  expect((await kenesary.from('traffic_users').select('password_hash')).error?.code).toBe('42501');
  const tried = await tryMore(four, { staff: ['kenesary', 'owner'], users: ['owner', 'student1'] });
  // Three acts on three tables by two, one by each of two, and a look at three tables from outside.
  expect(tried).toHaveLength(23);
  expect(tried.filter(({ code }) => code !== '42501')).toEqual([]);
}, 240_000);

test('a project that refuses a column keeps nothing from the others', async () => {
  await sql('tripwire', 'alter table tripwire_users rename column utm_term to utm_word');
  await sql('tripwire', `update tripwire_users set lead_id = null where id = 1`);
  await sql('main', 'update users set lead_id = null');
  await attributeAll(four.projects, log);
  expect(await sql('tripwire', 'select lead_id from tripwire_users where id = 1')).toEqual([
    { lead_id: null },
  ]);
  expect(await sql('main', 'select count(lead_id)::int as tied from users')).toEqual([{ tied: 2 }]);
  await sql('tripwire', 'alter table tripwire_users rename column utm_word to utm_term');
  await attributeAll(four.projects, log);
  expect(
    await sql('tripwire', 'select lead_id is not null as tied from tripwire_users where id = 1'),
  ).toEqual([{ tied: true }]);
});

test('the days of reports are counted ahead, of one zone at a time, and say the same', async () => {
  const before = await report('day');
  for (const zone of ['UTC', 'Asia/Almaty']) {
    await keepReportDays(databaseOf('landing'), zone, log, new AbortController().signal);
    const kept = `select (select zone from private.report_zone) as zone, exists (select from private.report_changes) as waits,
      (select sum(leads)::int from private.report_sums where is_first) = (select count(*)::int from landing_leads) as whole`;
    expect(await sql('landing', kept)).toEqual([{ zone, waits: false, whole: true }]);
    expect(await report('day')).toEqual(before);
  }
}, 120_000);
