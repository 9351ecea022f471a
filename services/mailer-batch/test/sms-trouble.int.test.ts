import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ADD,
  CREATE,
  SEND,
  everyNumber,
  quietHold,
  startSmsRig,
  statuses,
  type SmsRig,
} from './sms-rig.ts';

let rig: SmsRig;

beforeAll(async () => {
  rig = await startSmsRig();
});
afterAll(() => rig?.close());
beforeEach(() => rig.reset());

describe('no number twice and none missed', () => {
  test.each([
    [CREATE, 'effect-then-drop'],
    [CREATE, 'effect-then-garbage'],
    [ADD, 'effect-then-drop'],
    [ADD, 'effect-then-garbage'],
    [SEND, 'effect-then-drop'],
    [SEND, 'effect-then-garbage'],
    [SEND, 'hang'],
  ] as const)('when the answer of %s is lost (%s)', async (path, fault) => {
    await rig.sandbox.control.addFault({
      provider: 'mobizon',
      path,
      count: 1,
      action: { do: fault },
    });
    const { results } = await rig.deliver(rig.batchOf(5));
    expect(results).toHaveLength(5);
    for (const result of results) expect(result).toMatchObject({ status: 'sent' });
    // Also who was added by the call whose answer was lost is known by id: reports find them.
    expect(results.every(({ providerId }) => /^\d+$/.test(providerId ?? ''))).toBe(true);
    expect(await rig.numbersSentTo()).toEqual(everyNumber(5));
  });

  test.each([
    [1, false],
    [1, true],
    [2, false],
    [2, true],
    [3, false],
    [3, true],
  ])('when the process dies at step %i (written down: %s)', async (atNote, isNoted) => {
    const { results, tried } = await rig.deliver(rig.batchOf(5), { crash: { atNote, isNoted } });
    expect(tried).toBeGreaterThan(1);
    expect(statuses(results)).toEqual(Array(5).fill('sent'));
    expect(await rig.numbersSentTo()).toEqual(everyNumber(5));
  });

  test('when Mobizon says “too often” at the last step', async () => {
    const body = JSON.stringify({ code: 30, data: '', message: '' });
    await rig.sandbox.control.addFault({
      provider: 'mobizon',
      path: SEND,
      count: 1,
      action: { do: 'fixed', status: 200, body },
    });
    const { results } = await rig.deliver(rig.batchOf(2));
    expect(statuses(results)).toEqual(['sent', 'sent']);
    expect(await rig.numbersSentTo()).toEqual(everyNumber(2));
  });

  test('when two processes believe that the batch is theirs', async () => {
    const batch = rig.batchOf(5);
    const noted = { ...batch };
    await expect(
      rig.deliver(noted, { crash: { atNote: 2, isNoted: true }, tries: 1 }),
    ).resolves.toEqual({ results: [], tried: 1 });
    const drafts = (await rig.sandbox.control.requests('mobizon')).length;
    expect(drafts).toBe(1);
    const providerRef = '100001';
    const prepared = await rig.channel.prepare({ ...batch, providerRef, stage: 'filling' });
    await Promise.allSettled([
      rig.channel.reconcile(prepared, quietHold),
      rig.channel.reconcile(prepared, quietHold),
    ]);
    await rig.channel.reconcile(prepared, quietHold);
    expect(await rig.numbersSentTo()).toEqual(everyNumber(5));
  });

  test('when a try that counted as nothing had been sent after all', async () => {
    const batch = rig.batchOf(2);
    await rig.deliver(batch);
    const later = await rig.channel.prepare({ ...batch, providerRef: '100001' });
    const results = await rig.channel.send(later, quietHold);
    expect(statuses(results)).toEqual(['sent', 'sent']);
    expect(await rig.numbersSentTo()).toEqual(everyNumber(2));
  });
});

describe('moderation', () => {
  /** A batch that waits for a moderator, ready for its next try. */
  async function inModeration(count: number) {
    await rig.sandbox.control.mobizon.set({ moderateAll: true });
    const batch = rig.batchOf(count);
    const { results } = await rig.deliver(batch, { tries: 3 });
    expect(results).toEqual([]);
    const [waiting] = await rig.sandbox.control.mobizon.waitingForModeration();
    return {
      id: waiting?.id ?? '',
      prepared: await rig.channel.prepare({ ...batch, providerRef: waiting?.id ?? '' }),
    };
  }

  test('people are sent to only when the moderator has said so', async () => {
    const { id, prepared } = await inModeration(2);
    await rig.sandbox.control.mobizon.moderate(id, 'approve');
    expect(statuses(await rig.channel.reconcile(prepared, quietHold))).toEqual(['sent', 'sent']);
    expect(await rig.numbersSentTo()).toEqual(everyNumber(2));
  });

  test('a refusal fails everybody with that reason', async () => {
    const { id, prepared } = await inModeration(2);
    await rig.sandbox.control.mobizon.moderate(id, 'decline');
    expect(await rig.channel.reconcile(prepared, quietHold)).toMatchObject([
      { status: 'failed', reason: 'declined_by_moderator' },
      { status: 'failed', reason: 'declined_by_moderator' },
    ]);
  });
});

test('a listing that lags is no evidence: people stay open, and are unknown when it never catches up', async () => {
  await rig.sandbox.control.addFault({
    provider: 'mobizon',
    path: SEND,
    count: 1,
    action: { do: 'effect-then-drop' },
  });
  await rig.sandbox.control.mobizon.set({ hideNewestMessages: 1, countersLagMs: 3_600_000 });
  const batch = rig.batchOf(3);
  const { results } = await rig.deliver(batch, { tries: 3 });
  expect(results).toEqual([]);
  rig.now += 61_000;
  const prepared = await rig.channel.prepare({ ...batch, providerRef: '100001' });
  const late = await rig.channel.reconcile(prepared, quietHold);
  expect(statuses(late)).toEqual(['sent', 'sent', 'unknown']);
  expect(await rig.numbersSentTo()).toEqual(everyNumber(3));
});

test('a draft that somebody deleted at Mobizon is not made again', async () => {
  const batch = rig.batchOf(1);
  const prepared = await rig.channel.prepare({ ...batch, providerRef: '999' });
  const results = await rig.channel.reconcile(prepared, quietHold);
  expect(results).toMatchObject([{ status: 'failed', reason: 'deleted_at_provider' }]);
});

test('an account without money stops the channel and sends nothing; with money it goes on', async () => {
  await rig.sandbox.control.mobizon.set({ balance: 10 });
  const batch = rig.batchOf(2);
  await expect(rig.deliver(batch)).rejects.toMatchObject({ name: 'ChannelStoppedError' });
  expect(await rig.numbersSentTo()).toEqual([]);

  await rig.sandbox.control.mobizon.set({ balance: 10_000 });
  const { results } = await rig.deliver({ ...batch, providerRef: '100001', stage: 'sending' });
  expect(statuses(results)).toEqual(['sent', 'sent']);
  expect(await rig.numbersSentTo()).toEqual(everyNumber(2));
});
