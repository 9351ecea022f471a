import { afterAll, beforeAll, expect, test } from 'vitest';
import { staffProjectsOf } from '@leadwire/operations/staff/projects';
import { createLog } from '@leadwire/shared/runtime/log';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { attributeAll } from '../src/attribution.ts';

let supabase: TestSupabase;
beforeAll(async () => (supabase = await startSupabase()), 180_000);
afterAll(() => supabase?.close());

test('a student learns the first and the last lead of their contacts; who has none is asked for again later', async () => {
  const { landing, tripwire } = supabase;
  await landing.sql(
    `insert into landing_leads (name, phone, email, utm_source, campaign, created_at) values
       ('Сауле', '+77000000201', 'saule@leadwire-sample.kz', 'facebook', 'autumn', '2025-09-01T10:00:00Z'),
       ('Сауле', '+77000000201', null, 'tiktok', 'winter', '2025-09-20T10:00:00Z'),
       ('Сауле', '+77000000201', null, 'after', 'after', '2025-12-20T10:00:00Z'),
       ('Тимур', null, 'timur@leadwire-sample.kz', 'google', 'spring', '2025-09-05T10:00:00Z')`,
  );
  await tripwire.sql(
    `insert into tripwire_users (full_name, email, phone, created_at, utm_medium) values
       ('Сауле', null, '8 (700) 000-02-01', '2025-10-01T10:00:00Z', 'kept'),
       ('Тимур', 'Timur@leadwire-sample.kz', null, '2025-10-01T10:00:00Z', null),
       ('Никто', 'nobody@leadwire-sample.kz', null, '2025-10-01T10:00:00Z', null)`,
  );
  await attributeAll(staffProjectsOf(supabase.env), createLog('test', 'silent'));
  const students = await tripwire.sql(
    `select full_name, campaign, utm_source, utm_medium, first_utm_source, lead_id = first_lead_id as once,
       attribution_looked_at is not null as looked from tripwire_users order by full_name`,
  );
  expect(students).toMatchObject([
    { full_name: 'Никто', campaign: null, once: null, looked: true },
    {
      campaign: 'winter',
      utm_source: 'tiktok',
      utm_medium: 'kept',
      first_utm_source: 'facebook',
      once: false,
    },
    { full_name: 'Тимур', utm_source: 'google', once: true },
  ]);
}, 120_000);
