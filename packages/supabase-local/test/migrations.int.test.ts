/** The schemas say what the databases are; the migrations lead to exactly that, from wherever they begin, once and again. */
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { applyMigrations, readMigrations } from '../src/migrate.ts';
import {
  LANDING_MIGRATIONS,
  LANDING_SCHEMAS,
  MAIN_MIGRATIONS,
  MAIN_SCHEMAS,
  TRAFFIC_MIGRATIONS,
  TRAFFIC_SCHEMAS,
  TRIPWIRE_MIGRATIONS,
  TRIPWIRE_SCHEMAS,
} from '../src/migrations.ts';
import { AUDITED_MAIN, AUDITED_TRAFFIC } from './audited-tables.ts';
import { differences, readCatalogue, type Catalogue } from './catalogue.ts';
import { applyTwice, emptyDatabase, fromSchemas } from './empty-database.ts';
import { LEAD, OLD_LANDING, OLD_TRIPWIRE } from './older-tables.ts';

async function first(db: PGlite, query: string): Promise<Record<string, unknown>> {
  const { rows } = await db.query<Record<string, unknown>>(query);
  return rows[0] ?? {};
}

const functionNames = (catalogue: Catalogue) =>
  Object.keys(catalogue)
    .map((key) => /^function (\w+)\(/.exec(key)?.[1])
    .filter((name) => name !== undefined);

describe.each([
  ['landing', LANDING_MIGRATIONS, LANDING_SCHEMAS],
  ['tripwire', TRIPWIRE_MIGRATIONS, TRIPWIRE_SCHEMAS],
  ['traffic', TRAFFIC_MIGRATIONS, TRAFFIC_SCHEMAS],
  ['main', MAIN_MIGRATIONS, MAIN_SCHEMAS],
])('migrations of %s', (_name, dir, schemas) => {
  let db: PGlite;
  beforeAll(async () => {
    db = await emptyDatabase();
    await applyTwice(db, dir);
  });
  afterAll(() => db.close());

  test('lead to what the schemas say, and to nothing else', async () => {
    const expected = await fromSchemas(schemas);
    expect(differences(await readCatalogue(db), expected)).toEqual({});
    const names = functionNames(expected);
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(2);
  });

  test('apply to an empty database, once in the history, and again by hand', async () => {
    expect(await applyMigrations(db, await readMigrations(dir))).toEqual([]);
  });

  test('put row level security on every table, and policies for people who are signed in alone', async () => {
    const { rows } = await db.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity",
    );
    expect(rows).toEqual([]);
    const policies = await db.query("select * from pg_policies where roles <> '{authenticated}'");
    expect(policies.rows).toEqual([]);
  });

  test('leave nothing that a visitor could read, and nothing that anybody without the key could write or call', async () => {
    const { rows } = await db.query(
      `select r.rolname, c.relname from pg_class c, pg_roles r
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and (
         r.rolname = 'anon' and has_table_privilege(r.rolname, c.oid, 'select, insert, update, delete, truncate')
         or r.rolname = 'authenticated' and c.relname <> 'tripwire_users'
           and has_table_privilege(r.rolname, c.oid, 'insert, update, delete, truncate'))
       union all
       select r.rolname, p.proname from pg_proc p, pg_roles r
       where p.pronamespace = 'public'::regnamespace and r.rolname in ('anon', 'authenticated')
         and has_function_privilege(r.rolname, p.oid, 'execute')
         and not (r.rolname = 'authenticated' and p.proname like 'console\\_%')`,
    );
    expect(rows).toEqual([]);
  });
});

/** A database that had its tables before us, migrated twice. */
async function had(tables: string, folder: string): Promise<PGlite> {
  const db = await emptyDatabase();
  await db.exec(tables);
  await applyTwice(db, folder);
  return db;
}

describe('a landing database that has the tables already', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await had(OLD_LANDING, LANDING_MIGRATIONS);
  });
  afterAll(() => db.close());

  test('keeps its rows and takes new leads and outcomes', async () => {
    expect(await first(db, 'select * from landing_leads')).toMatchObject({
      id: LEAD,
      name: 'Айгерим',
      phone: '+77051234567',
      metadata: { a: 1 },
      email_sent: false,
    });
    expect(await first(db, 'select * from scheduled_notifications')).toMatchObject({
      lead_id: LEAD,
      type: 'email',
      status: 'cancelled',
    });
    expect(await first(db, 'select * from unified_lead_tracking')).toMatchObject({
      note: 'called back',
    });
    expect(await first(db, 'select * from short_links')).toMatchObject({ code: 'old1', clicks: 7 });

    const leadId = '0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0003';
    const at = '2026-01-05T10:00:00.000Z';
    const outcome = {
      deliveryId: '0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0004',
      leadId,
      channel: 'sms',
      outcome: 'skipped',
      reason: 'phone_invalid',
      at,
      eventId: 'e1',
    };
    await db.query('select leadwire_store_outcomes($1)', [JSON.stringify([outcome])]);
    await db.query('select leadwire_store_leads($1)', [
      JSON.stringify([{ leadId, name: 'Данияр', phone: '8705', receivedAt: at, eventId: 'e0' }]),
    ]);
    await db.query('select leadwire_store_integration_logs($1)', [
      JSON.stringify([{ eventId: 'l1', service: 'mobizon', action: 'send', status: 'ok', at }]),
    ]);
    expect(await first(db, `select * from landing_leads where id = '${leadId}'`)).toMatchObject({
      name: 'Данияр',
      email: null,
      sms_status: 'skipped',
      sms_error: 'phone_invalid',
    });
    expect(
      await first(db, `select * from unified_lead_tracking where lead_id = '${leadId}'`),
    ).toMatchObject({ sms_status: 'skipped', note: null });
  });

  test('becomes what the schemas say, and keeps what was its own', async () => {
    const different = differences(await readCatalogue(db), await fromSchemas(LANDING_SCHEMAS));
    // Its own columns, types, defaults and conditions; a key in place of the primary key that it lacks.
    expect(Object.keys(different)).toEqual([
      'column integration_logs.id',
      'column integration_logs.payload',
      'column landing_leads.created_at',
      'column landing_leads.metadata',
      'column landing_leads.name',
      // Views show the type of their table: this one, and staff_leads below.
      'column lead_tracking.name',
      'column scheduled_notifications.status',
      'column short_links.clicks',
      'column short_links.code',
      'column staff_leads.name',
      'column unified_lead_tracking.id',
      'column unified_lead_tracking.note',
      'constraint scheduled_notifications.scheduled_notifications_lead_id_fkey',
      'constraint scheduled_notifications.scheduled_notifications_status_check',
      'constraint short_links.short_links_pkey',
      // Its expression names the type of a column.
      // Over its own types.
      'index landing_leads_search_idx',
      'index short_links_code_key',
      'index short_links_pkey',
      'table integration_logs_id_seq',
      'table unified_lead_tracking_id_seq',
    ]);
    // None of them is stricter than what we write.
    expect(different).toMatchObject({
      'column integration_logs.payload': 'not in the schemas: jsonb',
      'column unified_lead_tracking.note': 'not in the schemas: text',
      'constraint scheduled_notifications.scheduled_notifications_status_check':
        expect.stringMatching(/cancelled.* OR .*pending.*sent.*failed.*skipped.*unknown/),
      'index short_links_code_key': expect.stringContaining('UNIQUE'),
    });
  });
});

describe('a second project that has the tables already', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await had(OLD_TRIPWIRE, TRIPWIRE_MIGRATIONS);
  });
  afterAll(() => db.close());

  test('keeps its rows and takes new ones', async () => {
    const rows = [{ leadId: LEAD, name: 'Айгерим', receivedAt: '2026-01-05T10:00:00.000Z' }];
    await db.query('select leadwire_store_lead_tracking($1)', [JSON.stringify(rows)]);
    expect(await first(db, 'select count(*)::int as n from lead_tracking')).toEqual({ n: 2 });
    expect(await first(db, 'select * from lead_tracking order by id')).toMatchObject({
      stage: 'bought',
      lead_id: null,
    });
  });

  test('becomes what the schemas say, and keeps what was its own', async () => {
    const different = differences(await readCatalogue(db), await fromSchemas(TRIPWIRE_SCHEMAS));
    expect(Object.keys(different)).toEqual([
      'column lead_tracking.id',
      'column lead_tracking.stage',
      'table lead_tracking_id_seq',
    ]);
    expect(different['column lead_tracking.stage']).toBe('not in the schemas: text');
  });
});

test('a traffic dashboard that has the tables already keeps people and spend, and takes who works here without touching either', async () => {
  const db = await had(AUDITED_TRAFFIC, TRAFFIC_MIGRATIONS);
  onTestFinished(() => db.close());
  const put = async (email: string, role: string, more: object = {}) => {
    const row = { staffId: crypto.randomUUID(), email, role, at: '2026-01-05T10:00:00.000Z' };
    const { rows } = await db.query<{ a: { problem: string | null }[] }>(
      'select leadwire_put_traffic_users($1) as a',
      [JSON.stringify([{ ...row, ...more }])],
    );
    return rows[0]?.a[0]?.problem;
  };
  expect(await put('kenesary@leadwire-sample.kz', 'viewer', { utmSources: ['other'] })).toBeNull();
  expect(await put('muha@leadwire-sample.kz', 'targetologist')).toBe('two_rows');
  expect(await put('new@leadwire-sample.kz', 'sales', { name: 'Новый' })).toBeNull();
  const people = await db.query(
    'select full_name, role, utm_source, team, password_hash, staff_id is not null as tied from traffic_users order by lower(email) nulls last',
  );
  expect(people.rows).toMatchObject([
    { full_name: 'Арыстан', tied: false },
    { role: 'targetologist', utm_source: 'kenjifb', password_hash: 'synthetic', tied: true },
    { full_name: 'Муха', tied: false },
    { full_name: 'Муха', tied: false },
    { full_name: 'Новый', role: 'manager', team: null, tied: true },
    { full_name: 'Без почты', role: 'admin', tied: false },
  ]);
  expect(
    await first(
      db,
      'select count(*)::int as days, sum(spend_kzt)::int as spent from traffic_daily_stats',
    ),
  ).toEqual({ days: 20, spent: 190_000 });
});

test('a platform that has the tables already keeps its people', async () => {
  const db = await had(AUDITED_MAIN, MAIN_MIGRATIONS);
  onTestFinished(() => db.close());
  expect(await first(db, 'select email, role, lead_id from users')).toEqual({
    email: 'student1@leadwire-sample.kz',
    role: 'student',
    lead_id: null,
  });
});

test('functions that several projects have are the same in each', async () => {
  const known = await fromSchemas(LANDING_SCHEMAS);
  for (const folder of [TRIPWIRE_SCHEMAS, TRAFFIC_SCHEMAS, MAIN_SCHEMAS]) {
    const all = Object.entries(await fromSchemas(folder));
    const functions = all.filter(([key]) => key.startsWith('function '));
    expect(functions.some(([key]) => key in known)).toBe(true);
    for (const [key, text] of functions) expect([key, (known[key] ??= text)]).toEqual([key, text]);
  }
});
