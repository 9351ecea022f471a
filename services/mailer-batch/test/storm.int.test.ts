import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CampaignWithCounts } from '@leadwire/mailer-batch/campaigns/campaign-store';
import { waitFor } from '@leadwire/testing/wait-for';
import { LEASE_MS, mostInASecond, people, sum, useRig } from './rig.ts';

/** `npm run test:system` has the long form; the short one has as many batches, kills and changes. */
const PEOPLE = process.env['LEADWIRE_LONG_FORMS'] ? 3_000 : 1_200;
const BATCH_SIZE = PEOPLE / 60;
const LIMIT = 5;
const LOWERED = 2;

const rig = useRig({ ratePerSecond: LIMIT });

test(`${PEOPLE} people get their mail once, at the pace that is allowed, while everything is killed, paused and slowed`, async () => {
  const list = people(PEOPLE);
  const suppress = `insert into suppressions (channel, contact, reason)
    select 'email', 'person-' || n || '@mail.leadwire-sample.kz', 'bounced' from generate_series($1::int, $2::int) n`;
  await rig.supabase().landing.sql(suppress, [100, 109]);
  const exclude = `insert into exclusion_lists (channel, contact)
    select 'email', 'person-' || n || '@mail.leadwire-sample.kz' from generate_series(200, 219) n`;
  await rig.supabase().landing.sql(exclude);
  // The same address in another row: the list's reader leaves those out, and the table would not take them either.
  const id = await rig.draft([...list, ...list.slice(0, 25)]);
  const audience = PEOPLE - 10 - 20;
  expect(await rig.start(id, PEOPLE)).toEqual({ kind: 'count_differs', audience });
  // Small batches: enough of them for all that is to happen meanwhile.
  expect(await rig.start(id, audience, BATCH_SIZE)).toEqual({ kind: 'started', audience });

  const mailer = () => rig.startMailer();
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
  // Who unsubscribes while it runs and is not claimed yet gets nothing.
  await rig.supabase().landing.sql(suppress, [PEOPLE - 10, PEOPLE - 8]);
  // A machine that is slow to tell of the first people may be through with the last: then they had theirs before.
  const leaving = people(3, PEOPLE - 10).map(({ contact }) => contact);
  const stillToCome = (await rig.recipients(id)).filter(
    ({ contact, status }) => leaving.includes(contact) && status !== 'sent' && status !== 'sending',
  ).length;
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

  const { counts } = ended;
  expect(invariantBreaks).toEqual([]);
  expect(counts.sent + counts.failed + counts.skipped + counts.unknown).toBe(audience);
  expect(counts).toMatchObject({
    sent: audience - stillToCome,
    skipped: stillToCome,
    failed: 0,
    unknown: 0,
  });
  const reached = await rig.reached(id);
  expect(reached).toHaveLength(audience - stillToCome);
  expect(new Set(reached).size).toBe(audience - stillToCome);

  const calls = await rig.calls(id);
  expect(mostInASecond(calls.map(({ at }) => at))).toBeLessThanOrEqual(LIMIT);
  expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  const slow = calls.map(({ at }) => at).filter((at) => at > loweredAt && at < raisedAt);
  // A call that a busy machine held up comes nearer to the next one; the pace is that of all of them.
  expect(mostInASecond(slow)).toBeLessThanOrEqual(LOWERED + 1);
  const seconds = (slow.at(-1)! - slow[0]!) / 1_000;
  expect((slow.length - 1) / seconds).toBeLessThanOrEqual(LOWERED * 1.1);
}, 400_000);
