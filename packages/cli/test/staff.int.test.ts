import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startSupabase, startTraffic, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { createClient } from '@supabase/supabase-js';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
}, 180_000);
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

const cli = (...args: string[]) => runCli({ NATS_URL: broker.url, ...supabase.env }, ...args);

test('staff are added with a link, changed, disabled when agreed, and listed', async () => {
  const mail = 'marat@leadwire-sample.kz';
  const tags = ['--utm-source', 'Facebook', '--utm-source', 'tiktok'];
  const [owner, added] = await Promise.all([
    cli('staff', 'add', 'owner@leadwire-sample.kz', '--role', 'owner'),
    cli('staff', 'add', mail, '--role', 'targetologist', ...tags, '--json'),
  ]);
  expect(owner.err).toBe('');
  expect(owner.out).toMatch(
    /^http:\/\/localhost:3106\/auth\/confirm\?token_hash=\w+&type=invite$/m,
  );
  expect(JSON.parse(added.out)).toMatchObject({
    email: mail,
    role: 'targetologist',
    utmSources: ['facebook', 'tiktok'],
    link: expect.stringContaining('type=invite'),
  });
  const [unasked, changed] = await Promise.all([
    cli('staff', 'disable', mail),
    cli('staff', 'change', mail, '--role', 'viewer'),
  ]);
  expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('Give --yes') });
  expect(changed.out).toContain('has changed (viewer');
  expect((await cli('staff', 'disable', mail, '-y')).out).toContain(`${mail} is disabled`);
  const [list, link] = await Promise.all([cli('staff', 'list'), cli('staff', 'link', mail)]);
  expect(list.out).toMatch(/marat@\S+ +viewer +disabled +facebook, tiktok/);
  expect(link).toMatchObject({ code: 1, err: expect.stringContaining('is disabled') });
}, 120_000);

test.each([
  [['add', 'x@leadwire-sample.kz'], 2, "'--role <role>' not specified"],
  [['disable', 'x@leadwire-sample.kz', '-y'], 1, 'does not work here'],
])('staff %j is refused with a reason', async (args, code, reason) => {
  expect(await cli('staff', ...args)).toMatchObject({ code, err: expect.stringContaining(reason) });
});

test('people of the traffic dashboard come over with their passwords; the unclear are listed', async () => {
  const { traffic, env, close } = await startTraffic();
  const run = (...args: string[]) =>
    runCli({ NATS_URL: broker.url, ...supabase.env, ...env }, 'staff', ...args);
  try {
    await traffic.sql('alter table traffic_users add column password_hash text');
    await traffic.sql(
      `insert into traffic_users (email, full_name, role, utm_source, password_hash) values
         ('Aliya@leadwire-sample.kz', 'Алия', 'targetologist', 'Tiktok', extensions.crypt('a pass phrase of before', extensions.gen_salt('bf', 4))),
         ('boss@leadwire-sample.kz', 'Ержан', 'admin', null, extensions.crypt('a pass phrase of before', extensions.gen_salt('bf', 4))),
         (null, 'Без почты', 'targetologist', 'fb', null),
         ('old@leadwire-sample.kz', 'Нурлан', 'targetologist', 'fb', 'sha1$abc')`,
    );
    const tried = await run('import-traffic', '--dry-run', '--json');
    expect(JSON.parse(tried.out)).toHaveLength(4);
    const { out, code, err } = await run('import-traffic', '-y');
    expect(out).toMatch(/imported +aliya@leadwire-sample.kz/);
    expect(out).toMatch(/left +boss@leadwire-sample.kz +rights are not guessed/);
    expect(out).toMatch(/left +row \S+ +no mail address/);
    expect(out).toMatch(/left +old@leadwire-sample.kz +the hash is no bcrypt/);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('3 left for you') });

    const [{ id } = { id: '' }] = await traffic.sql<{ id: string }>(
      `select id from traffic_users where full_name = 'Алия'`,
    );
    for (const [url, key] of [
      [supabase.landing.url, supabase.env.LANDING_SUPABASE_PUBLISHABLE_KEY],
      [supabase.tripwire.url, supabase.env.TRIPWIRE_SERVICE_ROLE_KEY],
      [traffic.url, env.TRAFFIC_SERVICE_ROLE_KEY],
    ] as const) {
      const { data } = await createClient(url, key).auth.signInWithPassword({
        email: 'aliya@leadwire-sample.kz',
        password: 'a pass phrase of before',
      });
      expect(data.user?.id).toBe(id);
    }
    const again = await run('import-traffic', '-y', '--role-word', 'admin=owner');
    expect(again.out).toMatch(/known +aliya@/);
    expect(again.out).toMatch(/imported +boss@/);
    expect((await run('list')).out).toMatch(/boss@leadwire-sample.kz +owner +active/);
  } finally {
    await close();
  }
}, 120_000);

test('leads of older tables come into the one table once, duplicates are tied, and both names show them', async () => {
  const { landing, tripwire } = supabase;
  await landing.sql(
    `insert into unified_lead_tracking (name, email, phone, utm_source, created_at, email_sent) values
       ('Дана', 'dana@leadwire-sample.kz', '8 700 000 01 01', 'facebook', '2025-10-01T10:00:00Z', true),
       ('Дана К.', 'DANA@leadwire-sample.kz', null, null, '2025-10-01T10:00:05Z', false),
       ('Дана', 'dana@leadwire-sample.kz', null, 'tiktok', '2025-12-01T10:00:00Z', false),
       ('Никто', null, null, null, '2025-10-02T10:00:00Z', false)`,
  );
  await tripwire.sql('alter table lead_tracking add column stage text');
  await tripwire.sql(
    `insert into lead_tracking (name, phone, stage, utm_source, created_at) values
       ('Дана', '+77000000101', 'bought', 'facebook', '2025-10-01T10:00:09Z'),
       ('Ерлан', '+77000000102', 'new', repeat('x', 10000), '2025-10-03T10:00:00Z')`,
  );
  const run = (...args: string[]) =>
    runCli({ NATS_URL: broker.url, ...supabase.env }, 'leads', 'import-older', ...args);
  expect((await run('--dry-run')).out).toMatch(/unified_lead_tracking: 4 .*\nlead_tracking: 2 /);
  const first = await run('-y');
  expect(first.err).toBe('');
  expect(first.out).toMatch(/unified_lead_tracking: 2 brought in, 1 tied to a lead, 1 without/);
  expect(first.out).toMatch(/\nlead_tracking: 1 brought in, 1 tied to a lead, 0 without/);
  expect((await run('-y')).out).toMatch(
    /^unified_lead_tracking: 0 .*1 without.*\nlead_tracking: 0 /,
  );

  const leads = await landing.sql<{ id: string; person_id: string }>(
    `select id, name, phone, source_table, email_sent, length(utm_source) as tag, metadata, person_id
     from landing_leads where source_table is not null order by created_at`,
  );
  expect(leads).toMatchObject([
    {
      name: 'Дана',
      phone: '+77000000101',
      source_table: 'unified_lead_tracking',
      email_sent: true,
    },
    { name: 'Ерлан', source_table: 'lead_tracking', tag: 500, metadata: { stage: 'new' } },
    { name: 'Дана', source_table: 'unified_lead_tracking', tag: 6 },
  ]);
  const [dana, , again] = leads;
  expect(again?.person_id).toBe(dana?.person_id);
  // The old names: the row of before stands and knows its lead; the view has the lead itself.
  expect(
    await tripwire.sql(
      `select stage, landing_lead_id, lead_id from lead_tracking where name = 'Дана'`,
    ),
  ).toEqual([{ stage: 'bought', landing_lead_id: dana?.id, lead_id: null }]);
  expect(
    await landing.sql(`select u.name, u.email_sent, u.lead_id = l.id as is_the_lead from unified_lead_tracking u
      join lead_tracking l on l.id = u.landing_lead_id order by u.created_at`),
  ).toEqual([
    { name: 'Дана', email_sent: true, is_the_lead: true },
    { name: 'Дана К.', email_sent: false, is_the_lead: null },
    { name: 'Дана', email_sent: false, is_the_lead: true },
  ]);
}, 120_000);
