import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { subjects } from '@leadwire/shared/contract/topology';
import { startApi, type Answer, type TestApi } from './start-api.ts';

const SECRET = 'a-secret-part-of-the-address';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { MOBIZON_WEBHOOK_SECRET: SECRET } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

/** A report as the page "Webhooks" of Mobizon's documentation has it. */
function report(messageId: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    eventId: newId(),
    eventType: 'sms-delivery-report',
    webhookId: 1,
    attempt: 1,
    eventCreateTs: '2026-11-20 15:00:00',
    sign: 'a'.repeat(40),
    data: {
      campaignId: 100_001,
      messageId,
      segNum: 1,
      status: 'DELIVRD',
      to: '77051234567',
      statusUpdateTs: '2026-11-20 15:00:00',
    },
    ...more,
  };
}

const post = (body: unknown, secret = SECRET): Promise<Answer> =>
  api.post(`/api/webhooks/mobizon/${secret}`, body);

async function hints(messageId: number): Promise<unknown[]> {
  const found: unknown[] = [];
  const subject = subjects.smsReport(String(messageId));
  for await (const { json } of readStream(api.bus, 'SMS_REPORTS', { subject })) found.push(json);
  return found;
}

test('a report becomes a hint to ask: neither its status nor the number is believed or kept', async () => {
  expect((await post(report(700_001))).status).toBe(200);
  const [hint] = await hints(700_001);
  const { data } = eventSchemas['sms.reported.v1'].parse(hint);
  expect(data).toEqual({ messageId: '700001', at: expect.any(String) });
  expect(JSON.stringify(hint)).not.toMatch(/77051234567|DELIVRD/);
});

test('a report that is told again is one hint', async () => {
  const told = report(700_002);
  for (const attempt of [1, 2, 3]) await post({ ...told, attempt });
  expect(await hints(700_002)).toHaveLength(1);
});

test('a report with an id that was seen before does not keep another message from being heard of', async () => {
  const told = report(700_003);
  await post(told);
  await post(report(700_004, { eventId: told['eventId'] }));
  expect(await hints(700_004)).toHaveLength(1);
});

test('other kinds of events and whatever else comes are answered 200 and leave nothing', async () => {
  for (const body of [{}, [], { eventType: 'form-submission', eventId: 'x', data: {} }, '"x"']) {
    expect((await post(body)).status).toBe(200);
  }
});

test('a wrong secret is answered as an address that is not there', async () => {
  const answer = await post(report(700_005), 'another-secret-of-the-same-kind');
  expect(answer.status).toBe(404);
  expect(await hints(700_005)).toEqual([]);
});
