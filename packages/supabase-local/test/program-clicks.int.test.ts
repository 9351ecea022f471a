/** Clicks of scanners and previews are counted apart from those of people, whatever the order they are told in. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { SERVICE_KEY, startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const KEY = SERVICE_KEY;
const id = (n: number) => `6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f${String(n).padStart(4, '0')}`;
const at = (second: number) => `2026-01-05T10:00:${String(second).padStart(2, '0')}+00:00`;

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 180_000);
afterAll(async () => {
  await landing?.close();
});

async function store(name: string, rows: unknown[]): Promise<void> {
  await createClient(landing.url, KEY).rpc(name, { rows }).throwOnError();
}

async function row(table: string, columns: string, key: string, value: string): Promise<unknown> {
  const query = createClient(landing.url, KEY).from(table).select(columns).eq(key, value);
  return (await query.single().throwOnError()).data;
}

test('of a lead’s message: each event once, beside the clicks of people', async () => {
  const base = { deliveryId: id(1), leadId: id(2), channel: 'sms', template: 'proftest-result' };
  const shortLink = { code: 'aB3', url: 'https://leadwire.kz/r' };
  const scan = { ...base, outcome: 'clicked', at: at(1), eventId: 'scan', shortLink };
  await store('leadwire_store_outcomes', [
    { ...base, outcome: 'sent', at: at(0), eventId: 'sent', shortLink },
  ]);
  await store('leadwire_store_program_clicks', [scan, scan]);
  await store('leadwire_store_program_clicks', [scan]);
  const link = () => row('short_links', 'clicks, program_clicks', 'code', 'aB3');
  expect(await link()).toEqual({ clicks: 0, program_clicks: 1 });
  await store('leadwire_store_outcomes', [{ ...scan, at: at(30), eventId: 'person' }]);
  expect(await link()).toEqual({ clicks: 1, program_clicks: 1 });
  expect(
    await row('scheduled_notifications', 'clicked_at, program_clicked_at', 'id', id(1)),
  ).toEqual({ clicked_at: at(30), program_clicked_at: at(1) });
});

const delivered = { outcome: 'delivered', at: at(10) };
const early = { outcome: 'clicked', at: at(9) };
const hasty = { outcome: 'clicked', at: at(12) };
const person = { outcome: 'clicked', at: at(20) };
const named = { outcome: 'clicked', at: at(25), byProgram: true };

test.each([
  ['with the delivery or before it', [delivered, early, hasty], null, at(9)],
  ['of a person after a scanner', [delivered, early, person], at(20), at(9)],
  ['of a person alone', [delivered, person], at(20), null],
  ['of a scanner that says so', [delivered, named], null, at(25)],
  ['of both', [delivered, person, named], at(20), at(25)],
  ['without word of the delivery', [person], at(20), null],
])('of a campaign, %s', async (_what, facts, clicked, scanned) => {
  for (const order of [facts, facts.toReversed()]) {
    await landing.sql(`delete from campaign_recipients`);
    await landing.sql(
      `insert into campaign_recipients (id, campaign_id, line, contact, status)
       values ('${id(3)}', '${id(4)}', 1, 'a@mail.leadwire-sample.kz', 'sent')`,
    );
    for (const fact of order) {
      await store('leadwire_store_campaign_outcomes', [{ recipientId: id(3), ...fact }]);
    }
    const columns = 'clicked_at, program_clicked_at';
    expect(await row('campaign_recipients', columns, 'id', id(3))).toEqual({
      clicked_at: clicked,
      program_clicked_at: scanned,
    });
  }
});
