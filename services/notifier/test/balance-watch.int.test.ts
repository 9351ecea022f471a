import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { noLimit } from '@leadwire/shared/coordination/rate-limiter';
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { openTestBus } from '@leadwire/testing/bus';
import { MOBIZON_KEY } from '@leadwire/testing/settings';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { nextLookMs, startBalanceWatch } from '../src/balance-watch.ts';

let broker: TestBroker;
let sandbox: Sandbox;
let bus: Bus;
beforeAll(async () => {
  [broker, sandbox] = await Promise.all([
    startNats(),
    startSandbox({ mobizon: { apiKey: MOBIZON_KEY } }),
  ]);
  bus = await openTestBus(broker, 'notifier');
});
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

const told = async (what: string): Promise<string[]> => {
  const all: string[] = [];
  const subject = `alerts.*.${what}`;
  for await (const { json } of readStream(bus, 'ALERTS', { subject })) {
    const { state = 'raised', message } = eventSchemas['alert.raised.v1'].parse(json).data;
    all.push(`${state}: ${message}`);
  }
  return all;
};

test('a low balance is told once, and once when it is topped up, by however many look', async () => {
  const mobizon = createMobizon({
    apiKey: MOBIZON_KEY,
    baseUrl: sandbox.mobizonUrl,
    track: (_action, _context, call) => call(),
    limiter: noLimit,
  });
  const log = createLog('notifier', 'silent');
  const parts = { mobizon, alerts: createAlerts(bus), below: 500, price: 16.2, log };
  const watches = [1, 2].map(() => startBalanceWatch({ ...parts, firstAfterMs: 0, everyMs: 40 }));
  const checks = async () => (await sandbox.control.requests('mobizon')).length;
  const another = async (count: number) => {
    const before = await checks();
    await waitFor(async () => (await checks()) >= before + count);
  };

  await another(4);
  expect(await told('mobizon_balance_low')).toEqual([]);
  await sandbox.control.mobizon.set({ balance: 120 });
  await waitFor(async () => (await told('mobizon_balance_low')).length === 1);
  await another(4);
  await sandbox.control.mobizon.set({ balance: 10 });
  await waitFor(async () => (await told('sms_balance')).length === 1);
  await another(4);
  await sandbox.control.mobizon.set({ balance: 5_000 });
  await waitFor(async () => (await told('mobizon_balance_low')).length === 2);
  await another(4);
  await Promise.all(watches.map((watch) => watch.stop()));
  expect(await told('mobizon_balance_low')).toEqual([
    'raised: На счёте Mobizon осталось 120 тг, меньше 500: пополните его, иначе SMS остановятся.',
    'resolved: На счёте Mobizon снова достаточно: 5000 тг.',
  ]);
  expect(await told('sms_balance')).toEqual([
    'raised: На счёте Mobizon 10 тг, на одну SMS нужно 16.2: SMS не уходят и ждут. Пополните счёт, и они уйдут сами.',
    'resolved: Счёт Mobizon пополнен, на нём 5000 тг: SMS снова уходят.',
  ]);
});

test.each([
  ['does not fall', 5_000, 5_000, 900_000],
  ['was topped up', 100, 5_000, 900_000],
  ['falls slowly', 5_000, 4_999, 900_000],
  ['would be gone in twenty minutes', 1_216.2, 816.2, 300_000],
  ['is nearly gone', 1_016.2, 26.2, 30_000],
  ['is gone', 100, 10, 60_000],
])('one that %s is looked at again in time', (_what, before, after, waitMs) => {
  const last = { balance: before, at: 0 };
  const now = { balance: after, at: 600_000 };
  expect(nextLookMs(last, now, 16.2, 900_000)).toBe(waitMs);
});
