import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import {
  createMobizon,
  type MobizonClient,
  type Sms,
} from '@leadwire/shared/providers/mobizon/messages';
import { openTestBus } from '@leadwire/testing/bus';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

const KEY = 'k'.repeat(40);
const sms: Sms = { recipient: '77051230001', text: 'Тест готов: https://leadwire.kz/s/k7Qm2Xa' };

let broker: TestBroker;
let sandbox: Sandbox;
let bus: Bus;

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([
    startNats(),
    startSandbox({ mobizon: { apiKey: KEY, ratePerSecondPerMethod: 100, senders: ['Leadwire'] } }),
  ]);
  bus = await openTestBus(broker, 'test');
});

afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

beforeEach(async () => {
  await sandbox.control.reset();
  await sandbox.control.mobizon.set({ ratePerSecondPerMethod: 100 });
});

function client(
  overrides: { apiKey?: string; baseUrl?: string; smsPrice?: number } = {},
): MobizonClient {
  return createMobizon({
    apiKey: KEY,
    baseUrl: sandbox.mobizonUrl,
    limiter: createLimiter({
      bus,
      account: 'mobizon-test',
      ratePerSecond: 200,
      metrics: createMetrics('test'),
    }),
    track: (_action, _context, call) => call(),
    timeoutMs: 500,
    ...overrides,
  });
}

const send = (mobizon: MobizonClient) => mobizon.send(sms, 'leadwire:1', {});
const find = (mobizon: MobizonClient) =>
  mobizon.find(sms, 'leadwire:1', new Date(Date.now() - 1_000), {});

describe('an SMS', () => {
  test('is sent once and found by its token', async () => {
    const id = await send(client());

    expect(await find(client())).toBe(id);
    expect(await sandbox.control.sms()).toMatchObject([{ campaignName: 'leadwire:1' }]);
  });

  test('of another token to the same number is not taken for it', async () => {
    await client().send({ ...sms, text: 'Другое сообщение' }, 'leadwire:2', {});

    expect(await find(client())).toBeUndefined();
  });

  test('that the campaign listing does not show is found by number and text', async () => {
    const id = await send(client());
    await sandbox.control.addFault({
      provider: 'mobizon',
      path: '*/campaign/list',
      action: {
        do: 'fixed',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"code":0,"data":{"items":[],"totalItemCount":"0"},"message":""}',
      },
    });

    expect(await find(client())).toBe(id);
  });

  test('is not found while the listing lags behind', async () => {
    await sandbox.control.mobizon.set({ indexLagMs: 60_000 });
    await send(client());

    expect(await find(client())).toBeUndefined();
    await sandbox.control.advance(61_000);
    expect(await find(client())).toBeDefined();
  });
});

describe('an answer', () => {
  /** providers.md 2.2: what each code means for the sender. */
  test.each([
    [1, { recipient: ['bad'] }, 'PermanentError'],
    [1, { from: ['not registered'] }, 'ChannelStoppedError'],
    [2, null, 'PermanentError'],
    [3, null, 'AmbiguousError'],
    [4, null, 'ChannelStoppedError'],
    [5, null, 'ChannelStoppedError'],
    [6, null, 'ChannelStoppedError'],
    [7, null, 'AmbiguousError'],
    [8, null, 'ChannelStoppedError'],
    [9, null, 'ChannelStoppedError'],
    [10, null, 'TransientError'],
    [11, null, 'ChannelStoppedError'],
    [12, null, 'PermanentError'],
    [13, 'api.mobizon.kz', 'ChannelStoppedError'],
    [14, null, 'ChannelStoppedError'],
    [15, null, 'PermanentError'],
    [30, null, 'TransientError'],
    [999, null, 'AmbiguousError'],
  ])('with code %i and data %j is a %s', async (code, data, name) => {
    await sandbox.control.addFault({
      provider: 'mobizon',
      path: '*/sendSmsMessage',
      action: {
        do: 'fixed',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code, data, message: '' }),
      },
    });

    await expect(send(client())).rejects.toMatchObject({ name });
  });

  test.each([0, 10])(
    'that %s tenge are too few for it stops the channel, whatever its code says',
    async (balance) => {
      await sandbox.control.mobizon.set({ balance });

      await expect(send(client({ smsPrice: 16.2 }))).rejects.toMatchObject({
        name: 'ChannelStoppedError',
        what: 'sms_balance',
      });
    },
  );

  test.each([
    ['effect-then-drop', { do: 'effect-then-drop' }, 1],
    ['effect-then-5xx', { do: 'effect-then-5xx' }, 1],
    ['effect-then-garbage', { do: 'effect-then-garbage' }, 1],
    ['effect-then-late', { do: 'effect-then-late', delayMs: 2_000 }, 1],
    ['hang', { do: 'hang' }, 0],
    ['refuse', { do: 'refuse', status: 503 }, 0],
  ] as const)('that never comes (%s) is ambiguous', async (_name, action, sent) => {
    await sandbox.control.addFault({ provider: 'mobizon', path: '*/sendSmsMessage', action });

    await expect(send(client())).rejects.toMatchObject({ name: 'AmbiguousError', outage: true });
    expect(await sandbox.control.sms()).toHaveLength(sent);
  });

  test('from nobody means that nothing was sent', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;

    await expect(send(client({ baseUrl }))).rejects.toMatchObject({
      name: 'TransientError',
      outage: true,
    });
  });

  test('to a wrong key stops the channel, and neither key nor number is in the error', async () => {
    const error: unknown = await send(client({ apiKey: 'w'.repeat(40) })).catch((e: unknown) => e);

    expect(error).toMatchObject({ name: 'ChannelStoppedError' });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/w{40}|7705123/);
  });
});
