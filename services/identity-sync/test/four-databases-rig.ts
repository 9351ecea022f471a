/** All four databases as an audit found them, brought up to date, with leads of their students. Everybody is invented. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staffProjectsOf, type StaffProject } from '@leadwire/operations/staff/projects';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import {
  MAIN_MIGRATIONS,
  TRAFFIC_MIGRATIONS,
  TRIPWIRE_MIGRATIONS,
} from '@leadwire/supabase-local/migrations';
import { startDatabaseProcess, type TestProject } from '@leadwire/testing/database-process';
import { landingKeys, startLanding } from '@leadwire/testing/supabase';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import {
  AUDITED_MAIN,
  AUDITED_TRAFFIC,
  AUDITED_TRIPWIRE,
  MANAGERS,
} from '../../../packages/supabase-local/test/audited-tables.ts';

export const PASSWORD = 'synthetic pass phrase';
const { serviceKey: landingKey, publishableKey } = landingKeys;
const keyOf = (name: string) => `sb_secret_${name}_0123456789abcdef`;
const stateless = { auth: { persistSession: false, autoRefreshToken: false } };

/** The ones that had tables; the landing project is as other files of tests have it. */
const AUDITED = [
  ['tripwire', TRIPWIRE_MIGRATIONS, AUDITED_TRIPWIRE],
  ['traffic', TRAFFIC_MIGRATIONS, AUDITED_TRAFFIC],
  ['main', MAIN_MIGRATIONS, AUDITED_MAIN],
] as const;

export interface FourDatabases {
  databases: Record<StaffProjectName, TestProject>;
  projects: Map<StaffProjectName, StaffProject>;
  /** PostgREST with this person's own token. @throws what Auth says when they may not come in */
  as(project: StaffProjectName, email: string): Promise<SupabaseClient>;
  visitor(project: StaffProjectName): SupabaseClient;
  close(): Promise<void>;
}

export async function startFour(): Promise<FourDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-four-'));
  const audited = AUDITED.map(async ([name, migrations, found]) => {
    const migrationsDir = join(folder, name);
    await cp(migrations, migrationsDir, { recursive: true });
    await writeFile(join(migrationsDir, '20200101000000_audited.sql'), found);
    const keys = { serviceKey: keyOf(name), publishableKey };
    // Nobody else asks for one of these.
    return [
      name,
      await startDatabaseProcess({ ...keys, migrationsDir }, { isFresh: true }),
    ] as const;
  });
  const [{ landing }, ...started] = await Promise.all([startLanding(), ...audited]);
  await rm(folder, { recursive: true });
  const databases = { landing, ...Object.fromEntries(started) } as Record<
    StaffProjectName,
    TestProject
  >;
  const projects = staffProjectsOf({
    LANDING_SUPABASE_URL: databases.landing.url,
    LANDING_SUPABASE_SERVICE_KEY: landingKey,
    TRIPWIRE_SUPABASE_URL: databases.tripwire.url,
    TRIPWIRE_SERVICE_ROLE_KEY: keyOf('tripwire'),
    TRAFFIC_SUPABASE_URL: databases.traffic.url,
    TRAFFIC_SERVICE_ROLE_KEY: keyOf('traffic'),
    SUPABASE_URL: databases.main.url,
    SUPABASE_SERVICE_ROLE_KEY: keyOf('main'),
  });
  await seed(databases);
  return {
    databases,
    projects,
    async as(project, email) {
      const { url } = databases[project];
      const client = createClient(url, publishableKey, stateless);
      const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
      if (error) throw error;
      const { access_token: token } = data.session;
      return createClient(url, publishableKey, { accessToken: () => Promise.resolve(token) });
    },
    visitor: (project) => createClient(databases[project].url, publishableKey, stateless),
    close: async () => {
      await Promise.all(Object.values(databases).map((database) => database.close()));
    },
  };
}

/** Leads of sixty students in the older table, two targetologists in turn; what is odd comes once each. */
async function seed({ landing, tripwire, traffic }: Record<StaffProjectName, TestProject>) {
  await landing.sql(
    `insert into unified_lead_tracking (name, email, phone, utm_source, utm_campaign, created_at)
     select 'Студент ' || n, 'student' || n || '@leadwire-sample.kz', '+7700000' || lpad(n::text, 4, '0'),
       case n % 2 when 1 then 'KenjiFB' else 'arystanfb' end, 'jan', timestamptz '2026-01-01T07:00:00Z' + make_interval(days => n % 10)
     from generate_series(1, 60) n
     union all
     select 'Студент 70', 'student70@leadwire-sample.kz', null, repeat('x', 10000), 'jan', '2026-01-02T07:00:00Z'`,
  );
  // One without any contact, one whose own tag is another, one whose tag is the same in other letters.
  await tripwire.sql(`update tripwire_users set email = null, phone = null where id = 92`);
  await tripwire.sql(`update tripwire_users set utm_source = 'tiktok' where id in (3, 5)`);
  await tripwire.sql(`update tripwire_users set utm_source = 'kenjifb' where id = 7`);
  const hash = `extensions.crypt('${PASSWORD}', extensions.gen_salt('bf', 4))`;
  await traffic.sql(
    `update traffic_users set password_hash = ${hash} where email ~ '^(kenesary|arystan)@'`,
  );
  await traffic.sql(
    `insert into traffic_users (id, email, full_name, role, password_hash) values
       ('${MANAGERS.aida}', 'aida@leadwire-sample.kz', 'Аида', 'manager', ${hash}),
       ('${MANAGERS.bolat}', 'bolat@leadwire-sample.kz', 'Болат', 'manager', ${hash})`,
  );
}
