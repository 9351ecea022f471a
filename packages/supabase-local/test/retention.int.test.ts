/** How long rows hold people: what goes, and what of a lead stays to be counted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { SERVICE_KEY, startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const KEY = SERVICE_KEY;

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 180_000);
afterAll(async () => {
  await landing?.close();
});

test('rows that are too old lose the person, or go, and others stay as they are', async () => {
  const [old, held, young] = [randomUUID(), randomUUID(), randomUUID()];
  const lead = (id: string, at: string, quarantined: boolean) =>
    `('${id}', 'proftest', 'Данияр', '+77000007721', '{"a": 1}', '${at}', ${quarantined}, 'e', '${at}', 'Да')`;
  for (const insert of [
    `landing_leads (id, kind, name, phone, answers, created_at, quarantined, event_id, consent_at, consent_text) values
      ${lead(old, '2020-01-05', false)}, ${lead(held, '2021-01-05', true)}, ${lead(young, '2022-01-05', true)}`,
    `unified_lead_tracking (lead_id, name) values ('${old}', 'Данияр'), ('${held}', 'Данияр')`,
    `integration_logs (service, created_at) values ('old', '2020-01-05'), ('young', '2022-01-05')`,
    `sequence_people (id, sequence_id, name, email, fact_at) values
      ('${old}', '${old}', 'Данияр', 'old@leadwire-sample.kz', '2020-01-05'),
      ('${young}', '${old}', 'Дана', 'young@leadwire-sample.kz', '2022-01-05')`,
    `sequence_messages (person_id, step, due_at) values ('${old}', 1, '2020-01-06'), ('${young}', 1, '2022-01-06')`,
    `suppressions (channel, contact, reason, created_at) values ('email', 'no@leadwire-sample.kz', 'unsubscribed', '2019-01-05')`,
    `contact_choices (channel, contact, unsubscribed_at) values ('email', 'no@leadwire-sample.kz', '2019-01-05')`,
  ]) {
    await landing.sql(`insert into ${insert}`);
  }
  const from = { calls_from: '2021-06-01', held_from: '2021-06-01', leads_from: '2020-06-01' };
  const call = async (): Promise<unknown> =>
    (await createClient(landing.url, KEY).rpc('leadwire_keep_rows', from).throwOnError()).data;
  expect(await call()).toEqual({ calls: 1, held: 1, leads: 1, sequencePeople: 1 });
  expect(await call()).toEqual({ calls: 0, held: 0, leads: 0, sequencePeople: 0 });
  const inSequence =
    'select p.name, p.email, p.state, p.reason, m.state as message from sequence_people p join sequence_messages m on m.person_id = p.id order by p.fact_at';
  expect(await landing.sql(inSequence)).toEqual([
    { name: null, email: null, state: 'stopped', reason: 'too_old', message: 'skipped' },
    {
      name: 'Дана',
      email: 'young@leadwire-sample.kz',
      state: 'waiting',
      reason: null,
      message: 'waiting',
    },
  ]);
  // A no is not forgotten with age: it is what keeps us from writing to them.
  for (const table of ['suppressions', 'contact_choices']) {
    expect(await landing.sql(`select contact from ${table}`)).toHaveLength(1);
  }

  const ids = `('${old}', '${held}', '${young}')`;
  const query = `select kind, name, phone, consent_text from landing_leads where id in ${ids} order by created_at`;
  expect(await landing.sql(query)).toEqual([
    { kind: 'proftest', name: null, phone: null, consent_text: null },
    { kind: 'proftest', name: 'Данияр', phone: '+77000007721', consent_text: 'Да' },
  ]);
  // Told once more, as by a replay: who is forgotten agreed to nothing any more.
  const rows = [{ leadId: old, consentAt: '2020-01-05T00:00:00Z', consentText: 'Да' }];
  const told = createClient(landing.url, KEY).rpc('leadwire_store_consent', { rows });
  expect((await told.throwOnError()).data as number).toBe(0);
  const copies = `select name from unified_lead_tracking where lead_id in ${ids}`;
  expect(await landing.sql(copies)).toEqual([{ name: null }]);
});

test('a message of somebody who was erased meanwhile is not among those that a person has to decide', async () => {
  await landing.sql(
    `insert into scheduled_notifications (id, channel, status, reason, scheduled_for)
     select gen_random_uuid(), 'email', 'unknown', reason, now() from unnest(array['erased', 'not_found', null]) as reason`,
  );
  const [counted] = await landing.sql(
    `select leadwire_lead_pace(now() - interval '1 day', now() - interval '1 day') ->> 'unknown' as lately,
       leadwire_upkeep(jsonb_build_object('now', now(), 'keepLeadsDays', 1, 'keepLogsDays', 1)) ->> 'unknown' as of_days`,
  );
  expect(counted).toEqual({ lately: '2', of_days: '2' });
});
