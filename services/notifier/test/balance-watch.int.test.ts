import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
import { startBalanceWatch } from '../src/balance-watch.ts';

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

const told = async (): Promise<string[]> => {
  const all: string[] = [];
  const subject = 'alerts.warning.mobizon_balance_low';
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
  const parts = { mobizon, alerts: createAlerts(bus), below: 500, log };
  const watches = [1, 2].map(() => startBalanceWatch({ ...parts, firstAfterMs: 0, everyMs: 50 }));
  const checks = async () => (await sandbox.control.requests('mobizon')).length;
  const another = async (count: number) => {
    const before = await checks();
    await waitFor(async () => (await checks()) >= before + count);
  };

  await another(4);
  expect(await told()).toEqual([]);
  await sandbox.control.mobizon.set({ balance: 120 });
  await waitFor(async () => (await told()).length === 1);
  await another(4);
  await sandbox.control.mobizon.set({ balance: 5_000 });
  await waitFor(async () => (await told()).length === 2);
  await another(4);
  await Promise.all(watches.map((watch) => watch.stop()));
  expect(await told()).toEqual([
    'raised: Mobizon: 120 left, less than 500: top the account up',
    'resolved: Mobizon: 5000 left',
  ]);
});
