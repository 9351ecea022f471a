/** Who sees what, asked of PostgREST with the person's own token: the console is only as careful as this. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { TestProject } from '@leadwire/testing/database-process';
import {
  addPeople,
  clientWith,
  people,
  signIn,
  startLanding,
  SERVICE_KEY,
  type Person,
} from './people.ts';

const LEADS = {
  theirs: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001',
  other: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002',
  untagged: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0003',
};
const PHONE = '+77000000001';
const ADDRESS = 'aida@leadwire-sample.kz';

let landing: TestProject;
let ids: Record<Person, string>;
const as = {} as Record<Person | 'visitor' | 'service', SupabaseClient>;

/** One row in every table, whatever columns it insists on. */
const ROWS = `
  insert into landing_leads (id, kind, name, email, phone, utm_source, email_error, metadata) values
    ('${LEADS.theirs}', 'proftest', 'Айгерим', '${ADDRESS}', '${PHONE}', 'Facebook',
      'refused: <${ADDRESS}> or ${PHONE} is unknown', '{"second_phone": "${PHONE}"}'),
    ('${LEADS.other}', 'proftest', 'Данияр', '${ADDRESS}', '${PHONE}', 'google', null, '{}'),
    ('${LEADS.untagged}', 'purchase', 'Мадина', '${ADDRESS}', '${PHONE}', null, null, '{}');
  insert into scheduled_notifications (lead_id, channel, status, error) values
    ('${LEADS.theirs}', 'sms', 'failed', 'not a number: ${PHONE}'), ('${LEADS.other}', 'sms', 'sent', null);
  insert into unified_lead_tracking (lead_id, phone) values ('${LEADS.theirs}', '${PHONE}');
  insert into short_links (code, lead_id) values ('abc', '${LEADS.theirs}');
  insert into short_link_clicks (event_id, code) values ('e1', 'abc');
  insert into integration_tokens (service, access_token) values ('amocrm', 'synthetic');
  insert into integration_logs (service) values ('resend');
  insert into telegram_groups (title) values ('Отдел продаж');
  insert into crm_deals (id, deal_id) values ('${LEADS.theirs}', 1);
  insert into campaigns (id, name) values ('${LEADS.theirs}', 'Эфир');
  insert into campaign_recipients (campaign_id, contact) values ('${LEADS.theirs}', '${ADDRESS}');
  insert into campaign_left_out (campaign_id, line, contact) values ('${LEADS.theirs}', 1, '${ADDRESS}');
  insert into campaign_batches (campaign_id, n) values ('${LEADS.theirs}', 1);
  insert into campaign_topic_sends (topic, channel, contact) values ('t', 'email', '${ADDRESS}');
  insert into exclusion_lists (channel, contact) values ('email', '${ADDRESS}');
  insert into suppressions (channel, contact) values ('email', '${ADDRESS}');
  insert into people (id, since) values ('${LEADS.theirs}', now());
  insert into person_identities (kind, value, person_id, since) values ('phone', '${PHONE}', '${LEADS.theirs}', now());
  insert into identity_conflicts (email, people) values ('${ADDRESS}', 2);
  insert into attribution_conflicts (project, row_id, lead_id, said) values ('tripwire', '1', '${LEADS.theirs}', '{}');
  insert into audit_log (event_id, actor, action, subject, result, at) values
    ('e1', 'cli:root', 'staff.added', '1', 'done', now());
`;

/** How many rows each of those who work here finds; "-" is a refusal. Nobody else finds any. */
const SEEN: Record<string, Partial<Record<Person, number | '-'>>> = {
  staff_leads: { owner: 3, sales: 3, viewer: 3, targetologist: 1 },
  staff_deliveries: { owner: 2, sales: 2, viewer: 2, targetologist: 1 },
  staff_campaigns: { owner: 1, sales: 1, viewer: 1 },
  landing_leads: { owner: 3, sales: 3 },
  scheduled_notifications: { owner: 2, sales: 2 },
  unified_lead_tracking: { owner: 1, sales: 1 },
  short_links: { owner: 1, sales: 1 },
  short_link_clicks: { owner: 1, sales: 1 },
  integration_logs: { owner: 1, sales: 1 },
  telegram_groups: { owner: 1, sales: 1 },
  crm_deals: { owner: 1, sales: 1 },
  campaigns: { owner: 1, sales: 1 },
  campaign_recipients: { owner: 1, sales: 1 },
  campaign_left_out: { owner: 1, sales: 1 },
  campaign_batches: { owner: 1, sales: 1 },
  exclusion_lists: { owner: 1, sales: 1 },
  suppressions: { owner: 1, sales: 1 },
  people: { owner: 1, sales: 1 },
  person_identities: { owner: 1, sales: 1 },
  identity_conflicts: { owner: 1, sales: 1 },
  attribution_conflicts: { owner: 1, sales: 1 },
  audit_log: { owner: 1 },
  staff: { owner: 5, sales: 1, viewer: 1, targetologist: 1 },
  // The service key's alone.
  ...Object.fromEntries(
    [
      ...[
        'integration_tokens',
        'campaign_topic_sends',
        'contact_choices',
        'sequences',
        'sequence_people',
        'sequence_messages',
        'segments',
        'campaign_subject_tests',
        'campaign_clicks',
        'intake_forms',
        'intake_rejects',
      ],
      ...[
        'sales',
        'ad_spend',
        'referral_referrers',
        'referral_commission_tiers',
        'referral_conversions',
      ],
      ...['referral_leads', 'referral_sales', 'referral_clicks', 'referral_remarks'],
      ...['message_templates', 'message_template_versions', 'lead_tracking'],
    ].map((name) => [name, Object.fromEntries(people.map((person) => [person, '-']))]),
  ),
};

/** The number of rows, or "-" for 401, 403 and 404: as good as not there. */
async function ask(client: SupabaseClient, table: string): Promise<number | '-'> {
  const { data, error } = await client.from(table).select();
  if (error && !/^(42501|PGRST205)$/.test(error.code))
    throw new Error(`${table}: ${error.message}`);
  return error ? '-' : data.length;
}

beforeAll(async () => {
  landing = await startLanding();
  ids = await addPeople(landing);
  for (const statement of ROWS.split(';')) if (statement.trim()) await landing.sql(statement);
  for (const person of people) as[person] = await signIn(landing, person);
  as.visitor = clientWith(landing);
  as.service = clientWith(landing, SERVICE_KEY);
}, 240_000);
afterAll(() => landing?.close());

describe('each table and view', () => {
  test('is on the list of this test', async () => {
    const rows = await landing.sql<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')",
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(SEEN).sort());
  });

  test.each(people)('shows %s what is theirs and no more', async (person) => {
    const found = Object.fromEntries(
      await Promise.all(
        Object.keys(SEEN).map(async (table) => [table, await ask(as[person], table)] as const),
      ),
    );
    const expected = Object.entries(SEEN).map(([table, seen]) => [table, seen[person] ?? 0]);
    expect(found).toEqual(Object.fromEntries(expected));
  });

  test('refuses a visitor, and hears nobody without a key', async () => {
    for (const table of Object.keys(SEEN)) {
      expect([table, await ask(as.visitor, table)]).toEqual([table, '-']);
      const keyless = await fetch(`${landing.url}/rest/v1/${table}`);
      expect([table, keyless.status]).toEqual([table, 401]);
      expect([table, await ask(as.service, table)]).not.toEqual([table, '-']);
    }
  });

  test('is written by nobody with a token, but for staff: the grants stay as the migrations gave them', async () => {
    const granted = await landing.sql(
      `select r.rolname, c.relname from pg_class c, pg_roles r
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
         and (r.rolname = 'anon' and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')
           or r.rolname = 'authenticated' and c.relname <> 'staff'
             and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate'))
       union all
       select r.rolname, p.proname from pg_proc p, pg_roles r
       where p.pronamespace = 'public'::regnamespace and r.rolname in ('anon', 'authenticated')
         and has_function_privilege(r.rolname, p.oid, 'execute')
         and not (r.rolname = 'authenticated' and p.proname like 'console\\_%')`,
    );
    expect(granted).toEqual([]);
  });
});

describe('contacts', () => {
  test.each(['owner', 'sales'] as const)('are shown to %s', async (person) => {
    const { data } = await as[person]
      .from('staff_leads')
      .select()
      .eq('id', LEADS.theirs)
      .single<Record<string, unknown>>();
    expect(data).toMatchObject({ name: 'Айгерим', email: ADDRESS, phone: PHONE });
  });

  test.each(['viewer', 'targetologist'] as const)(
    'are kept from %s, also in filters, sorting and the words of providers',
    async (person) => {
      const leads = as[person].from('staff_leads');
      const { data } = await leads
        .select()
        .eq('id', LEADS.theirs)
        .single<Record<string, unknown>>();
      expect(data).toMatchObject({
        name: null,
        email: null,
        phone: null,
        answers: null,
        metadata: null,
        utm_source: 'Facebook',
        email_error: 'refused: <…> or … is unknown',
      });
      expect((await leads.select().eq('phone', PHONE)).data).toEqual([]);
      const { data: deliveries } = await as[person].from('staff_deliveries').select();
      expect(JSON.stringify([data, deliveries])).not.toMatch(/7000000|leadwire-sample/);
    },
  );
});

describe('staff', () => {
  test('a change holds at once, with the token of before', async () => {
    await as.owner.from('staff').update({ role: 'viewer' }).eq('id', ids.sales).throwOnError();
    expect(await ask(as.sales, 'landing_leads')).toBe(0);
    expect(await ask(as.sales, 'staff_leads')).toBe(3);
    await as.owner.from('staff').update({ active: false }).eq('id', ids.sales).throwOnError();
    expect(await ask(as.sales, 'staff_leads')).toBe(0);
    const back = { role: 'sales', active: true };
    await as.owner.from('staff').update(back).eq('id', ids.sales).throwOnError();
    expect(await ask(as.sales, 'landing_leads')).toBe(3);
  });

  test('nobody but an owner makes or changes anybody, themselves included', async () => {
    for (const person of ['sales', 'targetologist', 'viewer', 'disabled', 'stranger'] as const) {
      const row = { id: ids[person], email: 'new@leadwire-sample.kz', role: 'owner' };
      const added = await as[person].from('staff').insert({ ...row, id: crypto.randomUUID() });
      expect([person, added.error?.code]).toEqual([person, '42501']);
      const changed = await as[person]
        .from('staff')
        .update({ role: 'owner', active: true })
        .eq('id', row.id)
        .select();
      expect([person, changed.data]).toEqual([person, []]);
    }
  });

  test('the last active owner cannot be disabled, and no row is deleted through the API', async () => {
    const owner = as.owner.from('staff');
    const last = await owner.update({ active: false }).eq('id', ids.owner);
    expect(last.error?.message).toContain('the last active owner stays');
    expect((await owner.delete().eq('id', ids.viewer)).error?.code).toBe('42501');
    expect((await owner.update({ email: 'x@y.kz' }).eq('id', ids.viewer)).error?.code).toBe(
      '42501',
    );
  });
});
