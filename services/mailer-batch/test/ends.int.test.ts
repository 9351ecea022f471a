/** How campaigns and their copies end, step by step: nobody ticks or sends but these tests. */
import { describe, expect, test } from 'vitest';
import { liftSmsBudget } from '@leadwire/operations/sms/sms-budget';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { openTestBus } from '@leadwire/testing/bus';
import { waitFor } from '@leadwire/testing/wait-for';
import { people, sum, useRig } from './rig.ts';

const rig = useRig();

/** Looks at a batch and claims it as a sender does. */
async function claimAs(owner: string, id: string, { n = 1, leaseMs = 60_000 } = {}) {
  const looked = await rig.store().look(id, n);
  if (looked.kind !== 'ready') throw new Error(`not ready: ${looked.kind}`);
  const { at, recipients } = looked.batch;
  const ids = recipients.map((recipient) => recipient.id);
  const request = { owner, leaseMs, at, bodyHash: 'hash', ids, ratePerSecond: null };
  return { ids, kind: (await rig.store().claim(id, n, request)).kind };
}

/** Its people's ids in their order. */
async function claim(id: string, n = 1): Promise<string[]> {
  const { ids, kind } = await claimAs('test', id, { n });
  expect(kind).toBe('claimed');
  return ids;
}

async function tell(recipientId: string, outcome: string): Promise<void> {
  const supabase = rig.supabase();
  const database = createDatabase({
    project: 'landing',
    url: supabase.landing.url,
    serviceKey: supabase.env.LANDING_SUPABASE_SERVICE_KEY,
  });
  const row = { recipientId, outcome, at: new Date().toISOString() };
  await database.storeRows('leadwire_store_campaign_outcomes', [row]);
}

const settleAs = (
  id: string,
  ids: string[],
  status: 'sent' | 'failed' | 'unknown',
  { n = 1, owner = 'test' } = {},
) =>
  rig.store().settle(id, {
    n,
    owner,
    results: ids.map((each) => ({ id: each, status, reason: 'test' })),
  });

const statuses = async (id: string) => (await rig.recipients(id)).map(({ status }) => status);

describe('batches that are claimed and settled at one moment', () => {
  test('each have their own answer: what hinders one hinders no other', async () => {
    const id = await rig.launch(people(8, 60), { batchSize: 2, topic: 'stream-at-one-moment' });
    const store = rig.store();
    const looked = await Promise.all([1, 2, 3, 4, 9].map((n) => store.look(id, n)));
    expect(looked.map(({ kind }) => kind)).toEqual([
      ...['ready', 'ready', 'ready', 'ready', 'missing'],
    ]);
    const suppress = `insert into suppressions (channel, contact, reason) values ('email', $1, 'unsubscribed')`;
    await rig.supabase().landing.sql(suppress, ['person-62@mail.leadwire-sample.kz']);
    const claims = looked.flatMap((look) => {
      if (look.kind !== 'ready') return [];
      const { n, at, recipients, frozen } = look.batch;
      expect(frozen).toMatchObject({ template: 'stream-moved' });
      const ids = recipients.map((recipient) => recipient.id);
      const request = { leaseMs: 60_000, at, bodyHash: `hash ${n}`, ids };
      // Of the fourth somebody has changed the rate since.
      return [
        { n, ids, request: { ...request, owner: `${n}`, ratePerSecond: n === 4 ? 1 : null } },
      ];
    });
    const claimed = await Promise.all(claims.map(({ n, request }) => store.claim(id, n, request)));
    expect(claimed.map(({ kind }) => kind)).toEqual(['claimed', 'changed', 'claimed', 'changed']);
    const [first, , third] = claims;
    expect(await Promise.all([1, 3].map((n) => store.look(id, n)))).toEqual([
      ...[{ kind: 'busy' }, { kind: 'busy' }],
    ]);
    const ended = await Promise.all([
      settleAs(id, first!.ids, 'sent', { n: 1, owner: '1' }),
      settleAs(id, third!.ids.slice(0, 1), 'failed', { n: 3, owner: '3' }),
    ]);
    expect(ended).toEqual([{ open: 3 }, { open: 3 }]);
    expect(await statuses(id)).toEqual([
      ...['sent', 'sent', 'pending', 'pending', 'failed', 'sending', 'pending', 'pending'],
    ]);
    expect(sum(await rig.campaign(id))).toBe(8);
  });
});

describe('a batch that another sender has taken over', () => {
  test.each(['failed', 'unknown'] as const)(
    'is not %s because the first one says so, and is sent when either of them says that',
    async (end) => {
      const id = await rig.launch(people(2, end === 'failed' ? 80 : 90));
      const { ids } = await claimAs('slow', id, { leaseMs: 1 });
      const next = await waitFor(async () => {
        const found = await rig.store().look(id, 1);
        return found.kind === 'ready' ? claimAs('next', id) : undefined;
      });
      expect(next).toEqual({ ids, kind: 'inherited' });

      expect(await settleAs(id, ids, end, { owner: 'slow' })).toEqual({ open: 1 });
      expect(await statuses(id)).toEqual(['sending', 'sending']);

      await settleAs(id, ids.slice(0, 1), 'sent', { owner: 'slow' });
      expect(await settleAs(id, ids, 'sent', { owner: 'next' })).toEqual({ open: 0 });
      expect(await statuses(id)).toEqual(['sent', 'sent']);
    },
  );

  test('has what the first one was answered about some, when others of it got through', async () => {
    const id = await rig.launch(people(2, 100));
    const { ids } = await claimAs('slow', id, { leaseMs: 1 });
    await waitFor(async () => {
      const found = await rig.store().look(id, 1);
      return found.kind === 'ready' ? claimAs('next', id) : undefined;
    });
    const [through = '', refused = ''] = ids;
    const answer = [
      { id: through, status: 'sent' as const },
      { id: refused, status: 'failed' as const, reason: 'refused_by_provider' },
    ];
    const ended = await rig.store().settle(id, { n: 1, owner: 'slow', results: answer });
    expect(ended).toEqual({ open: 0 });
    expect(await statuses(id)).toEqual(['sent', 'failed']);
  });
});

describe('a campaign that is paused while its last batch is on its way', () => {
  test('ends with that batch', async () => {
    const id = await rig.launch(people(2));
    const ids = await claim(id);
    await rig.store().pause(id, 'by_hand');
    expect(await settleAs(id, ids, 'sent')).toEqual({ open: 0 });
    expect(await rig.store().finishIfDone(id)).toBe(true);
    expect(await rig.campaign(id)).toMatchObject({ status: 'finished', pauseReason: null });
  });

  test('ends with the next tick when its sender died right after', async () => {
    const id = await rig.launch(people(2, 10));
    await settleAs(id, await claim(id), 'sent');
    await rig.store().pause(id, 'too_many_errors');
    expect((await rig.store().tick(4, 1_000)).finished).toEqual([id]);
    expect((await rig.campaign(id)).status).toBe('finished');
  });

  test('stays paused while somebody is left', async () => {
    const id = await rig.launch(people(2, 20), { batchSize: 1 });
    await settleAs(id, await claim(id), 'sent');
    await rig.store().pause(id, 'by_hand');
    expect(await rig.store().tick(4, 1_000)).toMatchObject({ finished: [], nudges: [] });
    expect((await rig.campaign(id)).status).toBe('paused');
  });
});

describe('a copy that has been seen', () => {
  test.each(['delivered', 'bounced', 'opened'])(
    'is sent, though its sender knows nothing: %s, whatever comes first',
    async (outcome) => {
      const id = await rig.launch(people(2, 100));
      const ids = await claim(id);
      const [before = '', after = ''] = ids;
      await tell(before, outcome);
      await settleAs(id, ids, 'unknown');
      await tell(after, outcome);
      const rows = await rig.recipients(id);
      expect(rows).toEqual([
        expect.objectContaining({ status: 'sent', reason: null, sentAt: expect.any(String) }),
        expect.objectContaining({ status: 'sent', reason: null, sentAt: expect.any(String) }),
      ]);
    },
  );

  test('is sent, though its campaign was cancelled on its way', async () => {
    const id = await rig.launch(people(2, 200));
    const [seen = ''] = await claim(id);
    await rig.store().cancel(id);
    await tell(seen, 'delivered');
    await rig
      .supabase()
      .landing.sql(`update campaign_batches set lease_until = now() where campaign_id = $1`, [id]);
    await rig.store().tick(4, 1_000);
    expect(await statuses(id)).toEqual(['sent', 'unknown']);
  });

  test('is not sent once more: the fact comes after the retry of the unknown ones', async () => {
    const id = await rig.launch(people(2, 300));
    const ids = await claim(id);
    await settleAs(id, ids, 'unknown');
    await rig.store().finishIfDone(id);
    const retried = await rig.store().retry(id, { batchSize: 100, unknownToo: true });
    expect(retried).toEqual({ kind: 'retried', people: 2 });
    await tell(ids[0] ?? '', 'delivered');
    expect(await statuses(id)).toEqual(['sent', 'pending']);
    const looked = await rig.store().look(id, 2);
    const left = looked.kind === 'ready' ? looked.batch.recipients.map((each) => each.id) : [];
    expect(left).toEqual([ids[1]]);
    await settleAs(id, await claim(id, 2), 'sent', { n: 2 });
    expect(await rig.store().finishIfDone(id)).toBe(true);
    const ended = await rig.campaign(id);
    expect(ended.counts).toMatchObject({ audience: 2, sent: 2 });
    expect(sum(ended)).toBe(2);
  });

  test('that failed before anything was sent stays failed', async () => {
    const id = await rig.launch(people(1, 400));
    const ids = await claim(id);
    await settleAs(id, ids, 'failed');
    expect((await rig.recipients(id))[0]).toMatchObject({ status: 'failed', reason: 'test' });
    await tell(newId(), 'delivered');
    expect(await statuses(id)).toEqual(['failed']);
  });
});

test('SMS beyond the budget wait, an alert says so, and the rest leaves once a person lifts it', async () => {
  const bus = await openTestBus(rig.broker(), 'test');
  await rig.startMailer({ SMS_BUDGET_PER_HOUR: '2', SMS_BUDGET_PER_DAY: '100' });
  const list = [1, 2, 3].map((n) => ({ contact: `+7705100000${n}`, name: 'Айгерим' }));
  const id = await rig.launch(list, { channel: 'sms', batchSize: 2 });
  const alert = async () => {
    const stored = await bus.lastUnder('ALERTS', subjects.alert('*', 'sms_budget_campaigns'));
    return (stored?.event as { data: Alert } | undefined)?.data;
  };
  expect(await waitFor(alert, { timeoutMs: 60_000 })).toMatchObject({ severity: 'critical' });
  const sent = () => rig.control().sms();
  await waitFor(async () => (await sent()).length === 2, { timeoutMs: 60_000 });
  expect((await rig.campaign(id)).counts).toMatchObject({ pending: 1, failed: 0 });

  await liftSmsBudget(bus, 'cli:test', 'campaigns');
  expect(await alert()).toMatchObject({ state: 'resolved' });
  expect((await rig.until(id, 'finished', 60_000)).counts).toMatchObject({ sent: 3 });
  expect((await sent()).flatMap(({ to }) => to).sort()).toEqual(
    list.map(({ contact }) => contact.slice(1)),
  );
  await bus.drain();
}, 180_000);
