import { createClient } from '@supabase/supabase-js';
import { expect, test } from 'vitest';
import { landingKeys, startLanding } from '../src/supabase.ts';

const COUNT = `select
  (select count(*)::int from landing_leads) as leads, (select count(*)::int from auth.users) as users,
  (select count(*)::int from staff) as staff, (select count(*)::int from audit_log) as audit`;
const EMPTY = { leads: 0, users: 0, staff: 0, audit: 0 };
const SINCE = 'select pg_postmaster_start_time() as since';

test('the next test file gets the same database without what the last one wrote, at another address', async () => {
  const first = await startLanding();
  const [running] = await first.landing.sql(SINCE);
  const seeds = `select version, (select md5(k::text) from private.person_key k) as key
    from supabase_migrations.schema_migrations order by 1`;
  const tables = `select table_schema, table_name from information_schema.tables order by 1, 2`;
  const [before, shape] = [await first.landing.sql(seeds), await first.landing.sql(tables)];
  const { auth } = createClient(first.landing.url, landingKeys.serviceKey);
  await auth.admin.createUser({ email: 'aida@leadwire-sample.kz', password: 'a long pass phrase' });
  await first.landing.sql(`insert into landing_leads (name) values ('Айгерим')`);
  await first.close();
  await expect(fetch(`${first.landing.url}/healthz`)).rejects.toThrow('fetch failed');

  const second = await startLanding();
  expect(await second.landing.sql(SINCE)).toEqual([running]);
  expect(second.landing.url).not.toBe(first.landing.url);
  expect(await second.landing.sql(COUNT)).toEqual([EMPTY]);
  expect(await second.landing.sql(seeds)).toEqual(before);
  expect(await second.landing.sql(tables)).toEqual(shape);
  // Triggers and foreign keys have a say again.
  expect(await second.landing.sql('show session_replication_role')).toEqual([
    { session_replication_role: 'origin' },
  ]);

  await second.landing.sql('revoke select on landing_leads from authenticated');
  await second.close();
  const third = await startLanding();
  expect(await third.landing.sql(SINCE)).not.toEqual([running]);
  await third.close();
});
