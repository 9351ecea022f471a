import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import {
  createMobizonCampaigns,
  type MobizonCampaigns,
} from '@leadwire/shared/providers/mobizon/campaigns';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

const KEY = 'k'.repeat(40);
const TEXT = { name: 'Перенос эфира #1', text: 'Эфир перенесён', isTemplate: false };

let broker: TestBroker;
let sandbox: Sandbox;
let bus: Bus;

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
  bus = await openTestBus(broker, 'test');
});

afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

const settings = { apiKey: KEY, ratePerSecondPerMethod: 200, senders: ['Leadwire'] };
beforeEach(async () => {
  await sandbox.control.reset();
  await sandbox.control.mobizon.set(settings);
});

function client(apiKey = KEY): MobizonCampaigns {
  return createMobizonCampaigns({
    apiKey,
    baseUrl: sandbox.mobizonUrl,
    timeoutMs: 2_000,
    limiter: createLimiter({
      bus,
      account: 'mobizon-test',
      ratePerSecond: 500,
      metrics: createMetrics('test'),
    }),
    track: (_action, _context, call) => call(),
  });
}

const number = (n: number) => `7705${String(1_000_000 + n)}`;
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ number: number(n), placeholders: {} }));
const answer = (code: number, data: unknown = null) =>
  sandbox.control.addFault({
    provider: 'mobizon',
    action: { do: 'fixed', status: 200, body: JSON.stringify({ code, data, message: '' }) },
  });

describe('the campaign route', () => {
  test('makes a draft, adds 500 numbers in one call, sends, and lists what went out', async () => {
    const mobizon = client();
    await sandbox.control.mobizon.set({ balance: 100_000 });
    const id = await mobizon.create(TEXT);
    expect(await mobizon.getInfo(id)).toEqual({ state: 'draft', messages: 0 });
    expect(await sandbox.control.sms()).toEqual([]);

    const added = await mobizon.addRecipients(id, people(500));
    expect(new Set(added.map(({ code }) => code))).toEqual(new Set([0]));
    expect(await mobizon.send(id)).toBe('sent');
    expect(await mobizon.getInfo(id)).toMatchObject({ state: 'sent', messages: 500 });
    const listed = await mobizon.listMessages(id);
    expect(listed.size).toBe(500);
    for (const { number: to, messageId } of added) expect(listed.get(to)).toBe(messageId);
    expect(await sandbox.control.sms()).toHaveLength(500);
  });

  test('no step sends a second SMS when it is repeated', async () => {
    const mobizon = client();
    const id = await mobizon.create(TEXT);
    await mobizon.create(TEXT);
    await mobizon.addRecipients(id, people(3));
    const again = await mobizon.addRecipients(id, people(4));
    expect(again.map(({ code }) => code)).toEqual([4, 4, 4, 0]);
    expect(again[0]).not.toHaveProperty('messageId');
    expect(await mobizon.send(id)).toBe('sent');
    expect(await mobizon.send(id)).toBe('locked');
    expect(await sandbox.control.sms()).toHaveLength(4);
  });

  test('a template is filled for each person, and one with a missing value is refused', async () => {
    const mobizon = client();
    const id = await mobizon.create({ ...TEXT, text: '{p1}, эфир перенесён', isTemplate: true });
    const added = await mobizon.addRecipients(id, [
      { number: number(1), placeholders: { p1: 'Анна & Ко = «друзья»' } },
      { number: number(2), placeholders: {} },
    ]);
    expect(added.map(({ code }) => code)).toEqual([0, 20]);
    await mobizon.send(id);
    expect(await sandbox.control.sms()).toMatchObject([
      { text: 'Анна & Ко = «друзья», эфир перенесён' },
    ]);
  });

  test('a number on the stop list and one that is none have codes of their own', async () => {
    await sandbox.control.mobizon.set({ stopList: [number(1)] });
    const mobizon = client();
    const id = await mobizon.create(TEXT);
    const added = await mobizon.addRecipients(id, [
      ...people(2),
      { number: '123', placeholders: {} },
    ]);
    expect(added.map(({ code }) => code)).toEqual([0, 5, 3]);
  });

  test('moderation, approval and a refusal are told', async () => {
    await sandbox.control.mobizon.set({ moderateAll: true });
    const mobizon = client();
    for (const [decision, state] of [
      ['approve', 'sent'],
      ['decline', 'declined'],
    ] as const) {
      const id = await mobizon.create(TEXT);
      await mobizon.addRecipients(id, people(1));
      expect(await mobizon.send(id)).toBe('moderation');
      expect(await mobizon.getInfo(id)).toMatchObject({ state: 'moderation' });
      await sandbox.control.mobizon.moderate(id, decision);
      expect(await mobizon.getInfo(id)).toMatchObject({ state });
    }
  });

  test('a draft can be removed, twice as well', async () => {
    const mobizon = client();
    const id = await mobizon.create(TEXT);
    await mobizon.remove(id);
    await mobizon.remove(id);
    expect(await mobizon.getInfo(id)).toEqual({ state: 'deleted', messages: undefined });
  });
});

describe('an answer', () => {
  test.each([
    [8, 'ChannelStoppedError'],
    [14, 'ChannelStoppedError'],
    [11, 'ChannelStoppedError'],
    [12, 'PermanentError'],
    [30, 'TransientError'],
    [3, 'AmbiguousError'],
    [999, 'AmbiguousError'],
    [77, 'AmbiguousError'],
  ])('with code %i is a %s', async (code, name) => {
    await answer(code);
    await expect(client().create(TEXT)).rejects.toMatchObject({ name });
  });

  test('that refuses a finished draft stops the channel: money is the only reason it can have', async () => {
    await sandbox.control.mobizon.set({ balance: 20 });
    for (const shortBalanceCode of [1, 15] as const) {
      await sandbox.control.mobizon.set({ shortBalanceCode });
      const mobizon = client();
      const id = await mobizon.create(TEXT);
      await mobizon.addRecipients(id, people(2));
      await expect(mobizon.send(id)).rejects.toMatchObject({ name: 'ChannelStoppedError' });
    }
    expect(await sandbox.control.sms()).toEqual([]);
  });

  test('about the sender’s name stops the channel', async () => {
    await answer(1, { from: ['not registered'] });
    await expect(client().create(TEXT)).rejects.toMatchObject({ name: 'ChannelStoppedError' });
  });

  test.each(['effect-then-drop', 'effect-then-garbage', 'hang'] as const)(
    'that never comes (%s) is ambiguous',
    async (fault) => {
      await sandbox.control.addFault({ provider: 'mobizon', action: { do: fault } });
      await expect(client().create(TEXT)).rejects.toMatchObject({ name: 'AmbiguousError' });
    },
  );

  test('to a wrong key stops the channel, and neither key nor number is in the error', async () => {
    const error = await client('x'.repeat(40))
      .addRecipients('1', people(1))
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'ChannelStoppedError' });
    expect(JSON.stringify(error) + (error as Error).stack).not.toMatch(/xxx|7705/);
  });
});
