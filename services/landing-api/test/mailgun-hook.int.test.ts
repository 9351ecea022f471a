import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { subjects } from '@leadwire/shared/contract/topology';
import { startApi, type TestApi } from './start-api.ts';

const KEY = 'a-signing-key-for-tests';

let broker: TestBroker;
let api: TestApi;
beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { MAILGUN_WEBHOOK_SIGNING_KEY: KEY } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

const token = () => randomBytes(25).toString('hex');
const names = () => ({ delivery_id: newId(), lead_id: newId(), template: 'proftest-result' });

function eventOf(event: string, more: object = {}) {
  const recipient = 'Dana@mail.leadwire-sample.kz';
  return { id: newId(), event, timestamp: Date.now() / 1_000, recipient, ...more };
}

interface Signing {
  key?: string;
  token?: string;
  ageMs?: number;
}

/** Tells an event the way Mailgun does. */
function tell(event: object, { key = KEY, token: given = token(), ageMs = 0 }: Signing = {}) {
  const timestamp = String(Math.floor((Date.now() - ageMs) / 1_000));
  const signature = createHmac('sha256', key)
    .update(timestamp + given)
    .digest('hex');
  const body = { signature: { timestamp, token: given, signature }, 'event-data': event };
  return api.post('/api/webhooks/mailgun', body);
}

async function told(deliveryId: string, outcome = '*') {
  const found: unknown[] = [];
  const subject = subjects.delivery('email', outcome, deliveryId);
  for await (const { json } of readStream(api.bus, 'DELIVERIES', { subject })) {
    found.push(eventSchemas['delivery.recorded.v1'].parse(json).data);
  }
  return found;
}

async function suppressed(): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { json } of readStream(api.bus, 'CONTACTS')) {
    found.push(eventSchemas['contact.suppressed.v1'].parse(json).data);
  }
  return found;
}

describe('POST /api/webhooks/mailgun', () => {
  test.each([
    ['delivered', {}, 'delivered'],
    ['opened', {}, 'opened'],
    ['clicked', {}, 'clicked'],
    ['complained', {}, 'complained'],
    ['failed', { severity: 'permanent', reason: 'suppress-bounce' }, 'bounced'],
    ['rejected', {}, 'bounced'],
  ])('%s %j is told as %s', async (event, more, outcome) => {
    const variables = names();
    const answer = await tell(eventOf(event, { ...more, 'user-variables': variables }));
    expect(answer.status).toBe(200);
    expect(await told(variables.delivery_id)).toEqual([
      expect.objectContaining({ leadId: variables.lead_id, outcome, provider: 'mailgun' }),
    ]);
  });

  test('of a message of the platform is told as about a message', async () => {
    const { lead_id, ...rest } = names();
    await tell(eventOf('delivered', { 'user-variables': { ...rest, message_id: lead_id } }));
    expect(await told(rest.delivery_id)).toEqual([
      expect.objectContaining({ leadId: lead_id, about: 'message' }),
    ]);
  });

  test('a hard bounce suppresses the address once, a soft one and a test mail do nothing', async () => {
    const before = (await suppressed()).length;
    const variables = names();
    await tell(eventOf('failed', { severity: 'temporary', 'user-variables': variables }));
    const test = { flags: { 'is-test-mode': true }, 'user-variables': variables };
    await tell(eventOf('failed', { severity: 'permanent', ...test }));
    expect(await told(variables.delivery_id)).toEqual([]);
    const hard = eventOf('failed', { severity: 'permanent', 'user-variables': variables });
    await tell(hard);
    await tell(hard);
    expect((await suppressed()).slice(before)).toEqual([
      expect.objectContaining({ contact: 'dana@mail.leadwire-sample.kz', reason: 'bounced' }),
    ]);
    expect(await told(variables.delivery_id)).toHaveLength(1);
  });

  test.each([
    ['with another key', { key: 'another-key-for-tests' }],
    ['of yesterday', { ageMs: 24 * 60 * 60_000 }],
    ['from the future', { ageMs: -10 * 60_000 }],
  ])('a signature %s is refused', async (_what, signing) => {
    const variables = names();
    expect(
      (await tell(eventOf('delivered', { 'user-variables': variables }), signing)).status,
    ).toBe(401);
    expect(await told(variables.delivery_id)).toEqual([]);
  });

  test('a token that was overheard tells nothing else, and a repeat with it is taken', async () => {
    const overheard = token();
    const event = eventOf('opened', { 'user-variables': names() });
    expect((await tell(event, { token: overheard })).status).toBe(200);
    expect((await tell(event, { token: overheard })).status).toBe(200);
    const forged = eventOf('complained', { 'user-variables': names() });
    expect((await tell(forged, { token: overheard })).status).toBe(401);
  });

  test('what is signed and not understood is answered 200, what is not signed 401', async () => {
    expect((await tell({ id: 'x' })).status).toBe(200);
    expect((await api.post('/api/webhooks/mailgun', {})).status).toBe(401);
  });
});
