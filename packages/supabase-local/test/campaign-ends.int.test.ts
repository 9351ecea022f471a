/** How a batch of a campaign ends in the database: what it writes, and what an SMS is found by afterwards. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const id = (n: number) => `6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f${String(n).padStart(4, '0')}`;
const [MAIL, SMS] = [id(1), id(2)];
const PEOPLE = 50;
const MIGRATION = '../../../supabase/migrations/20261130140000_campaign_mail_ends.sql';

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
  await campaign(MAIL, 'email', "'person' || n || '@leadwire-sample.kz'");
  await campaign(SMS, 'sms', "'+7700000' || lpad(n::text, 4, '0')");
}, 180_000);
afterAll(async () => {
  await landing?.close();
});

async function campaign(campaignId: string, channel: string, contact: string): Promise<void> {
  await landing.sql(
    `insert into campaigns (id, name, channel, template, status, audience_ready)
     values ('${campaignId}', 'Эфир', '${channel}', 'stream-moved', 'running', true)`,
  );
  await landing.sql(`insert into campaign_batches (campaign_id, n) values ('${campaignId}', 1)`);
  await landing.sql(
    `insert into campaign_recipients (campaign_id, line, batch, contact)
     select '${campaignId}', n, 1, ${contact} from generate_series(1, ${PEOPLE}) as n`,
  );
}

/** Claims the batch and says that it went out, with an id of the provider for each person. */
async function send(campaignId: string, provider: string): Promise<void> {
  const people = await landing.sql<{ id: string }>(
    'select id from campaign_recipients where campaign_id = $1 order by line',
    [campaignId],
  );
  const ids = people.map((each) => each.id);
  const claim = { n: 1, owner: 'one', at: '2026-01-05T10:00:00Z', bodyHash: 'hash', ids };
  const claimed = await landing.sql<{ answer: { kind: string }[] }>(
    'select leadwire_campaign_claim_batches($1, 60000, $2) as answer',
    [campaignId, [claim]],
  );
  expect(claimed[0]?.answer).toMatchObject([{ kind: 'claimed' }]);
  const results = ids.map((each, i) => ({
    id: each,
    status: 'sent',
    providerId: `${provider}-${i + 1}`,
  }));
  const settled = await landing.sql<{ answer: object }>(
    'select leadwire_campaign_settle_batches($1, $2, 1000) as answer',
    [campaignId, [{ n: 1, owner: 'one', results }]],
  );
  expect(settled[0]?.answer).toEqual({ open: 0 });
}

const find = async (...ids: string[]) =>
  (await landing.sql<{ found: object[] }>('select leadwire_find_sms($1) as found', [ids]))[0]
    ?.found;

/** Rows that were updated, and those of them that found room beside the old one, which writes no index. */
async function updates() {
  await landing.sql('select pg_stat_force_next_flush()');
  const [counted] = await landing.sql<{ rows: number; beside: number }>(
    `select n_tup_upd::integer as rows, n_tup_hot_upd::integer as beside
     from pg_stat_user_tables where relname = 'campaign_recipients'`,
  );
  return counted ?? { rows: 0, beside: 0 };
}

test('a mail is claimed and ends without a write to an index of the list', async () => {
  const before = await updates();
  await send(MAIL, 'mail');
  const after = await updates();
  expect(after.rows - before.rows).toBe(2 * PEOPLE);
  // A full page has no room: a few go elsewhere. With an index on what changes it is all of the ends.
  expect(after.beside - before.beside).toBeGreaterThan(1.8 * PEOPLE);
});

test('an SMS is found by the provider’s id, and a mail is not', async () => {
  await send(SMS, 'sms');
  expect(await find('sms-7', 'mail-7', 'sms-700')).toMatchObject([
    { messageId: 'sms-7', campaignId: SMS },
  ]);
});

test('one that went out before there was an index of its own is found as well', async () => {
  await landing.sql('update campaign_recipients set sms_id = null');
  expect(await find('sms-8')).toEqual([]);
  const migration = await readFile(new URL(MIGRATION, import.meta.url), 'utf8');
  await landing.sql(/^update [^;]+;/m.exec(migration)?.[0] ?? '');
  expect(await find('sms-8', 'mail-8')).toMatchObject([{ messageId: 'sms-8', campaignId: SMS }]);
});
