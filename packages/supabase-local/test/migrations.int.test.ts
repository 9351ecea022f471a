import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PGlite } from '@electric-sql/pglite';
import { extensions } from '../src/extensions.ts';
import { applyMigrations, readMigrations } from '../src/migrate.ts';
import {
  LANDING_MIGRATIONS,
  MAIN_MIGRATIONS,
  TRAFFIC_MIGRATIONS,
  TRIPWIRE_MIGRATIONS,
} from '../src/migrations.ts';
import { AUDITED_MAIN, AUDITED_TRAFFIC } from './audited-tables.ts';
import { LEAD, OLD_LANDING, OLD_TRIPWIRE } from './older-tables.ts';

const open: PGlite[] = [];
let empty: Blob;

beforeAll(async () => {
  const db = await PGlite.create({ extensions });
  await db.query('checkpoint');
  empty = await db.dumpDataDir('none');
  await db.close();
}, 180_000);

async function database(): Promise<PGlite> {
  const db = await PGlite.create({ loadDataDir: empty, extensions });
  open.push(db);
  return db;
}

async function applyTwice(db: PGlite, dir: string): Promise<void> {
  const migrations = await readMigrations(dir);
  await applyMigrations(db, migrations);
  for (const migration of migrations) await db.exec(migration.sql);
}

async function first(db: PGlite, query: string): Promise<Record<string, unknown>> {
  const { rows } = await db.query<Record<string, unknown>>(query);
  return rows[0] ?? {};
}

afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});

describe.each([
  ['landing', LANDING_MIGRATIONS],
  ['tripwire', TRIPWIRE_MIGRATIONS],
  ['traffic', TRAFFIC_MIGRATIONS],
  ['main', MAIN_MIGRATIONS],
])('migrations of %s', (_name, dir) => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create({ loadDataDir: empty, extensions });
    await applyTwice(db, dir);
  }, 180_000);
  afterAll(() => db.close());

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

describe('a database that has the tables already', () => {
  test('keeps its rows and takes new leads and outcomes', async () => {
    const db = await database();
    await db.exec(OLD_LANDING);
    await applyTwice(db, LANDING_MIGRATIONS);

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

  test('of the traffic dashboard keeps people and spend, and takes who works here without touching either', async () => {
    const db = await database();
    await db.exec(AUDITED_TRAFFIC);
    await applyTwice(db, TRAFFIC_MIGRATIONS);
    const put = async (email: string, role: string, more: object = {}) => {
      const row = { staffId: crypto.randomUUID(), email, role, at: '2026-01-05T10:00:00.000Z' };
      const { rows } = await db.query<{ a: { problem: string | null }[] }>(
        'select leadwire_put_traffic_users($1) as a',
        [JSON.stringify([{ ...row, ...more }])],
      );
      return rows[0]?.a[0]?.problem;
    };
    expect(
      await put('kenesary@leadwire-sample.kz', 'viewer', { utmSources: ['other'] }),
    ).toBeNull();
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

  test('of the platform keeps its people', async () => {
    const db = await database();
    await db.exec(AUDITED_MAIN);
    await applyTwice(db, MAIN_MIGRATIONS);
    expect(await first(db, 'select email, role, lead_id from users')).toEqual({
      email: 'student1@leadwire-sample.kz',
      role: 'student',
      lead_id: null,
    });
  });

  test('keeps the rows of the second project and takes new ones', async () => {
    const db = await database();
    await db.exec(OLD_TRIPWIRE);
    await applyTwice(db, TRIPWIRE_MIGRATIONS);
    const rows = [{ leadId: LEAD, name: 'Айгерим', receivedAt: '2026-01-05T10:00:00.000Z' }];
    await db.query('select leadwire_store_lead_tracking($1)', [JSON.stringify(rows)]);
    expect(await first(db, 'select count(*)::int as n from lead_tracking')).toEqual({ n: 2 });
    expect(await first(db, 'select * from lead_tracking order by id')).toMatchObject({
      stage: 'bought',
      lead_id: null,
    });
  });
});
