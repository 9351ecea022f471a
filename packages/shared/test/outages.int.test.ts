import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { Bus } from '../src/broker/bus.ts';
import { readStream } from '../src/broker/read-stream.ts';
import { createAlerts } from '../src/coordination/alerts.ts';
import { createOutages } from '../src/coordination/outages.ts';
import { PermanentError, TransientError } from '../src/errors.ts';
import { createLog } from '../src/runtime/log.ts';

const ALERTS = 'alerts.*.provider_down';
let broker: TestBroker;
let bus: Bus;
let now = 0;
/** The newest alert of the tests before. */
let before = 0;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});
beforeEach(async () => {
  await (await bus.bucket('limits')).delete('outages');
  const { state } = await (await bus.manager()).streams.info('ALERTS');
  before = state.last_seq;
});

/** Two processes; each call goes to the next one. */
function twoProcesses() {
  const log = createLog('test', 'silent');
  const process = () => createOutages({ bus, alerts: createAlerts(bus), log, now: () => now });
  const both = [process(), process()];
  let turn = 0;
  const call = (provider: string, end: () => Promise<void>) => {
    turn += 1;
    return both[turn % 2]!.observe(provider, end).catch((thrown: unknown) => thrown);
  };
  return {
    after: (ms: number) => (now += ms),
    fails: (provider: string, options: object = { outage: true }) =>
      call(provider, () => Promise.reject(new TransientError('HTTP 502', options))),
    refuses: (provider: string) =>
      call(provider, () => Promise.reject(new PermanentError('amocrm_400', 'refused'))),
    answers: (provider: string) => call(provider, () => Promise.resolve()),
  };
}

async function told(): Promise<string[]> {
  const all: string[] = [];
  for await (const { json, seq } of readStream(bus, 'ALERTS', { subject: ALERTS })) {
    if (seq <= before) continue;
    const { state = 'raised', message } = (json as { data: { state?: string; message: string } })
      .data;
    all.push(`${state}: ${message.split('.')[0]}`);
  }
  return all;
}

test('a provider that is away for over a minute is told once, and once that it is back', async () => {
  const { fails, answers, after } = twoProcesses();
  await answers('amocrm');
  await fails('amocrm');
  after(30_000);
  await fails('amocrm');
  await fails('amocrm');
  expect(await told()).toEqual([]);
  after(31_000);
  await fails('amocrm');
  await fails('amocrm');
  expect(await told()).toEqual(['raised: AmoCRM не отвечает (сделки ждут) уже 1 мин']);

  await answers('amocrm');
  await answers('amocrm');
  expect((await told()).map((text) => text.split(':')[0])).toEqual(['raised', 'resolved']);
});

test('two that are away are told each, and all is well when both are back', async () => {
  const { fails, answers, after } = twoProcesses();
  const both = ['amocrm', 'resend'] as const;
  for (const provider of both) await fails(provider);
  after(61_000);
  for (const provider of [...both, ...both]) await fails(provider);
  expect(await told()).toHaveLength(2);
  expect((await told())[1]).toContain('AmoCRM');

  await answers('resend');
  expect(await told()).toHaveLength(2);
  await answers('amocrm');
  expect((await told()).at(-1)).toContain('resolved');
});

test.each([
  ['failures that are far apart', { outage: true }, 6 * 60_000],
  ['a limit that says how long to wait', { outage: true, retryAfterMs: 1_000 }, 30_000],
  ['a failure of one message', {}, 30_000],
])('%s are no outage', async (_what, options, apartMs) => {
  const { fails, refuses, after } = twoProcesses();
  for (let n = 0; n < 5; n += 1) {
    await fails('amocrm', options);
    await refuses('amocrm');
    after(apartMs);
  }
  expect(await told()).toEqual([]);
});
