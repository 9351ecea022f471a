import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { envSchema } from '@leadwire/mailer-batch/env';
import type { CampaignWithCounts } from '@leadwire/mailer-batch/campaigns/campaign-store';
import type { MailEffect } from '@leadwire/sandbox/world/effects';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { mailerEnv } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import { serveApi } from './api-rig.ts';
import { LEASE_MS, mostInASecond, sum, useRig } from './rig.ts';

/** `npm run test:system` has the long form; the short one has as many batches, kills and changes. */
const PEOPLE = process.env['LEADWIRE_LONG_FORMS'] ? 3_000 : 600;
const BATCH_SIZE = PEOPLE / 60;
const LIMIT = 5;
const LOWERED = 2;
/** Between two leads that come in while the campaign runs. */
const ARRIVAL_MS = 1_000;
const NAMES = ['Айгерим', 'Данияр', 'Жанна', 'Ермек'];

const rig = useRig({ ratePerSecond: LIMIT });
let api: Awaited<ReturnType<typeof serveApi>>;
let bus: Bus;
beforeAll(async () => {
  bus = await openTestBus(rig.broker(), 'storm');
  const env = envSchema.parse({ ...rig.supabase().env, ...mailerEnv(rig.sandbox().url) });
  // Small batches: enough of them for all that is to happen meanwhile.
  api = await serveApi({ env, bus, batchSize: BATCH_SIZE });
  // As strict as the promise: no more than the limit in any second, wherever it begins.
  await rig.control().resend.set({ rateWindow: 'sliding' });
});
afterAll(async () => {
  await api.close();
  await bus.drain();
});

const sql: ReturnType<typeof rig.supabase>['landing']['sql'] = (...given) =>
  rig.supabase().landing.sql(...given);

/** Leads `from` to `to`, each of a person of their own. */
const leadsCome = (from: number, to: number, more = { source: 'facebook', quarantined: false }) =>
  sql(
    `insert into landing_leads (id, kind, name, email, utm_source, quarantined, created_at)
     select gen_random_uuid(), 'proftest', ($5::text[])[n % 4 + 1], 'Person-' || n || '@mail.leadwire-sample.kz', $3, $4, now()
     from generate_series($1::int, $2::int) n`,
    [from, to, more.source, more.quarantined, NAMES],
  );

/** On a busy machine the database may not answer in time. */
const ask: typeof api.call = (...given) =>
  waitFor(
    async () => {
      const answer = await api.call(...given);
      return answer.status === 503 ? undefined : answer;
    },
    { timeoutMs: 60_000, what: `an answer to ${given[1]}` },
  );

/** What the marketer wrote, told apart by a word. */
const textOf = (word: string) => ({
  mail: {
    subject: `${word}: {{ city }}, ждём в субботу`,
    preheader: 'В полдень',
    blocks: [
      { type: 'heading', text: `${word} версия` },
      { type: 'text', text: 'Здравствуйте, {{ name }}! Ждём вас в городе {{ city }}.' },
      { type: 'button', text: 'Записаться', url: 'https://leadwire.kz/open-day' },
    ],
  },
});
const write = (word: string, base: number) =>
  ask('PUT', '/api/texts/open-day', { base, content: textOf(word) });

/** A draft of the newest text for a segment that is saved for it. */
async function draft(filter: object): Promise<string> {
  const saved = await ask('POST', '/api/segments', { name: 'С рекламы', filter });
  const { segment } = saved.body as unknown as { segment: { id: string } };
  const made = await ask('POST', '/api/campaigns', {
    name: 'День открытых дверей',
    channel: 'email',
    template: 'open-day',
    variables: { city: 'Алматы' },
    audience: { kind: 'segment', segmentId: segment.id },
  });
  expect(made).toMatchObject({ status: 201 });
  return (made.body as unknown as { campaign: { id: string } }).campaign.id;
}

/** Leads keep coming in that the segment would have, until `stop`, which tells how many. */
function leadsKeepComing(from: number) {
  let isOver = false;
  const coming = (async () => {
    let count = 0;
    for (; !isOver; count += 1) {
      await leadsCome(from + count, from + count);
      await delay(ARRIVAL_MS);
    }
    return count;
  })();
  // Told by `stop`.
  coming.catch(() => undefined);
  return {
    stop: () => {
      isOver = true;
      return coming;
    },
  };
}

/** The text as it stood at the start, in both parts, with this person's name and the campaign's city. */
function saysWhatWasConfirmed({ to, subject, html, text }: MailEffect): boolean {
  const n = Number(/\d+/.exec(to[0] ?? '')?.[0]);
  const words = [
    'Первая версия',
    `Здравствуйте, ${NAMES[n % 4]}!`,
    'Ждём вас в городе Алматы',
    'Записаться',
  ];
  // Short words are tied to the next one.
  const parts = [html, text].map((part) => (part ?? '').replace(/&nbsp;|\u00a0/g, ' '));
  const isTheirs = parts.every((part) => words.every((each) => part.includes(each)));
  const isOther = parts.some((part) => /Черновая|Вторая/.test(part));
  return subject === 'Первая: Алматы, ждём в субботу' && isTheirs && !isOther;
}

/** Three whom nobody has claimed unsubscribe: the last ones, found and suppressed in one statement. */
const leave = (id: string) =>
  sql<{ contact: string }>(
    `with leaving as (
       select r.contact from campaign_recipients r where r.campaign_id = $1 and r.status = 'pending'
       order by r.batch desc, r.line desc limit 3
     )
     insert into suppressions (channel, contact, reason)
     select 'email', l.contact, 'unsubscribed' from leaving l returning contact`,
    [id],
  );

test(`${PEOPLE} people of a segment get their own text once, at the pace that is allowed, while everything is killed, paused and slowed`, async () => {
  await leadsCome(1, PEOPLE);
  // Who left two leads is one person; who is held back or came from elsewhere is none of it.
  await leadsCome(1, 25);
  await leadsCome(PEOPLE + 1, PEOPLE + 5, { source: 'facebook', quarantined: true });
  await leadsCome(PEOPLE + 6, PEOPLE + 9, { source: 'google', quarantined: false });
  await write('Черновая', 0);
  const filter = { all: [{ field: 'utm_source', op: 'is', value: 'facebook' }] };
  const id = await draft(filter);
  await write('Первая', 1);
  const listOf = (numbers: number[]) => ({
    contacts: numbers.map((n) => ({
      channel: 'email',
      contact: `person-${n}@mail.leadwire-sample.kz`,
    })),
  });
  const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
  await ask('POST', '/api/suppressions', listOf(range(100, 10)));
  await ask('POST', '/api/exclusions', listOf(range(200, 20)));
  const audience = PEOPLE - 10 - 20;
  const start = (confirm: number) => ask('POST', `/api/campaigns/${id}/start`, { confirm });
  expect(await start(PEOPLE)).toMatchObject({ status: 409, body: { audience } });
  expect(await start(audience)).toMatchObject({ status: 200 });
  // From here on neither the text nor the segment is the campaign's any more.
  expect(await write('Вторая', 2)).toMatchObject({ status: 200, body: { version: 3 } });
  const arrivals = leadsKeepComing(PEOPLE + 10);

  const mailer = () => rig.startMailerProcess();
  const mailers = await Promise.all([mailer(), mailer(), mailer()]);

  const invariantBreaks: CampaignWithCounts[] = [];
  const settled = async () => {
    const found = await rig.campaign(id);
    if (sum(found) !== audience || found.counts.audience !== audience) invariantBreaks.push(found);
    return audience - found.counts.pending - found.counts.sending;
  };
  const reach = (count: number) =>
    waitFor(async () => (await settled()) >= count, { timeoutMs: 60_000, what: `${count} people` });

  const replacements: Promise<unknown>[] = [];
  const kill = async (index: number) => {
    const old = mailers[index]!;
    rig.forget(old);
    await old.kill();
    // The others go on while it starts.
    replacements.push(mailer());
  };
  await reach(PEOPLE * 0.1);
  const left = await leave(id);
  expect(left).toHaveLength(3);
  await kill(0);
  await reach(PEOPLE * 0.25);
  await kill(1);

  await rig.store().pause(id, 'by_hand');
  await waitFor(async () => (await rig.campaign(id)).counts.sending === 0, {
    timeoutMs: 4 * LEASE_MS,
    what: 'what was claimed before the pause',
  }).catch(() => undefined);
  const paused = await rig.campaign(id);
  const callsPaused = (await rig.calls(id)).length;
  await delay(1_500);
  expect((await rig.calls(id)).length).toBe(callsPaused);
  expect((await rig.campaign(id)).counts.sent).toBe(paused.counts.sent);
  await rig.store().resume(id);

  await reach(PEOPLE * 0.5);
  await kill(2);
  await rig.store().patch(id, { ratePerSecond: LOWERED });
  // What was claimed before may still be on its way.
  const loweredAt = Date.now() + 2_500;
  await waitFor(
    async () => (await rig.calls(id)).filter(({ at }) => at > loweredAt).length > 3 * LOWERED,
    { timeoutMs: 60_000, what: 'calls at the lowered rate' },
  );
  const raisedAt = Date.now();
  await rig.store().patch(id, { ratePerSecond: null });
  const ended = await rig.until(id, 'finished', 180_000);
  await Promise.all(replacements);
  const came = await arrivals.stop();

  const { counts } = ended;
  expect(invariantBreaks).toEqual([]);
  expect(counts).toMatchObject({ sent: audience - 3, skipped: 3, failed: 0, unknown: 0 });

  // Everybody of the segment as it was, once: nobody twice, nobody missed, nobody of those who came or left since.
  const missing = new Set([...range(100, 10), ...range(200, 20)]);
  const gone = new Set(left.map(({ contact }) => contact));
  const meant = range(1, PEOPLE)
    .filter((n) => !missing.has(n))
    .map((n) => `person-${n}@mail.leadwire-sample.kz`)
    .filter((contact) => !gone.has(contact));
  expect((await rig.reached(id)).sort()).toEqual(meant.sort());
  expect(came).toBeGreaterThan(0);
  const now = await ask('POST', '/api/segments/count', { filter, channel: 'email' });
  expect(now.body).toMatchObject({ people: PEOPLE + came });

  // In the words that were confirmed, each with their own name.
  const mails = await rig.control().mails();
  expect(mails.filter((mail) => !saysWhatWasConfirmed(mail)).map(({ to }) => to)).toEqual([]);

  const calls = await rig.calls(id);
  expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  expect(mostInASecond(calls.map(({ at }) => at))).toBeLessThanOrEqual(LIMIT);
  const slow = calls.map(({ at }) => at).filter((at) => at > loweredAt && at < raisedAt);
  // A call that a busy machine held up comes nearer to the next one; the pace is that of all of them.
  expect(mostInASecond(slow)).toBeLessThanOrEqual(LOWERED + 1);
  const seconds = (slow.at(-1)! - slow[0]!) / 1_000;
  expect((slow.length - 1) / seconds).toBeLessThanOrEqual(LOWERED * 1.1);
}, 400_000);
