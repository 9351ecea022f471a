/** landing-api as its own user of deploy/nats.conf: every address works, also told twice, and nothing is refused to it. */
import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { ADMIN_TOKEN, UNSUBSCRIBE_SECRET } from '@leadwire/testing/settings';
import path from 'node:path';
import { startConfiguredBroker, type ConfiguredBroker } from './configured-broker.ts';

const PLATFORM_TOKEN = 'a-platform-token-for-tests';
const SIGNING_KEY = 'a-signing-key-for-tests';

let broker: ConfiguredBroker;
let api: ServiceProcess;

beforeAll(async () => {
  broker = await startConfiguredBroker();
  await (await openTestBus({ url: broker.urlOf('admin') }, 'admin')).drain();
  api = await startServiceProcess({
    entry: 'services/landing-api/src/main.ts',
    env: {
      NATS_URL: broker.urlOf('landing-api'),
      JOURNAL_DIR: path.join(broker.folder, 'journal'),
      ADMIN_TOKEN,
      PLATFORM_TOKEN,
      UNSUBSCRIBE_SECRET,
      MAILGUN_WEBHOOK_SIGNING_KEY: SIGNING_KEY,
      LANDING_PAGE_URL: 'https://school.leadwire-sample.kz/',
    },
  });
}, 180_000);
afterAll(async () => {
  await api?.kill();
  await broker.close();
});

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function ask(place: string, init: RequestInit = {}, token = PLATFORM_TOKEN): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(api.url + place, {
    redirect: 'manual',
    ...init,
    headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
  });
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body };
}

const post = (place: string, body: object, headers: Record<string, string> = {}) =>
  ask(place, { method: 'POST', body: JSON.stringify(body), headers });

/** Told once and again. */
async function twice(place: string, body: object, headers?: Record<string, string>) {
  const first = await post(place, body, headers);
  return [first, await post(place, body, headers)] as const;
}

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);

test('leads, forms, the platform, links and hooks do what they do, and the broker refuses nothing', async () => {
  const lead = { name: 'Дана', email: 'dana@mail.leadwire-sample.kz', phone: '+77000000301' };
  const key = { 'idempotency-key': newId() };
  const [taken, repeated] = await twice('/api/landing/proftest', lead, key);
  expect(statuses([taken, repeated])).toEqual([201, 200]);
  const other = await post('/api/landing/proftest', { ...lead, name: 'Тимур' }, key);
  expect(other.status).toBe(201);
  // Without a key the broker itself knows the double click.
  expect(statuses(await twice('/api/landing/submit', lead))).toEqual([201, 200]);
  const status = await ask(
    `/api/landing/leads/${String(taken.body['leadId'])}/status`,
    {},
    ADMIN_TOKEN,
  );
  expect(status).toMatchObject({ status: 200, body: { lead: { name: 'Дана' } } });

  expect(
    statuses(await twice('/api/forms/spring', { Phone: '87000000302', tranid: '1:1' })),
  ).toEqual([200, 200]);
  const unreachable = await twice('/api/forms/spring', { Comment: 'no contacts' });
  expect(statuses(unreachable)).toEqual([400, 400]);

  const student = {
    id: 'st-1',
    name: 'Дамир',
    email: 'damir@mail.leadwire-sample.kz',
    amount: 5000,
  };
  expect(statuses(await twice('/api/platform/students', student))).toEqual([201, 200]);
  expect(statuses(await twice('/api/platform/students/st-1/lessons/1/completed', {}))).toEqual([
    201, 200,
  ]);
  expect(statuses(await twice('/api/platform/students/st-1/refund', {}))).toEqual([201, 200]);
  const contacts = { email: 'aidana@mail.leadwire-sample.kz', phone: '+77000000303' };
  const referrer = { name: 'Айдана', code: 'aidana', ...contacts };
  expect(statuses(await twice('/api/platform/referrers', referrer))).toEqual([201, 200]);
  expect((await ask('/r/aidana')).status).toBe(302);
  const welcome = {
    type: 'welcome',
    to: { name: 'Дамир', email: 'damir@mail.leadwire-sample.kz' },
    data: { setPasswordUrl: 'https://school.leadwire-sample.kz/set?t=1' },
  };
  const message = await twice('/api/platform/messages', welcome, { 'idempotency-key': newId() });
  expect(statuses(message)).toEqual([201, 200]);
  expect((await ask(`/api/platform/messages/${String(message[0].body['messageId'])}`)).status).toBe(
    200,
  );

  expect((await ask('/s/abcdefgh')).status).toBe(404);
  expect((await ask(`/i/${'0'.repeat(32)}.jpg`)).status).toBe(404);
  const unsubscribe = `/u/${unsubscribeToken(newId(), UNSUBSCRIBE_SECRET)}`;
  const press = {
    method: 'POST',
    body: 'List-Unsubscribe=One-Click',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
  expect(statuses([await ask(unsubscribe, press), await ask(unsubscribe, press)])).toEqual([
    200, 200,
  ]);
  expect((await ask(`${unsubscribe}/restore`, press)).status).toBe(200);
  expect((await ask(unsubscribe)).status).toBe(200);
  expect(statuses(await twice('/api/webhooks/mailgun', mailgunComplaint()))).toEqual([200, 200]);
  expect((await ask('/metrics', {}, ADMIN_TOKEN)).status).toBe(200);
  expect((await ask('/metrics', {}, 'lw_abcdefgh_0')).status).toBe(401);

  expect(broker.log().match(/.*Violation.*/g)).toBeNull();
}, 120_000);

/** As Mailgun signs it; told twice with the same token it is the same event. */
function mailgunComplaint(): object {
  const [timestamp, token] = [
    String(Math.floor(Date.now() / 1_000)),
    randomBytes(25).toString('hex'),
  ];
  const signature = createHmac('sha256', SIGNING_KEY)
    .update(timestamp + token)
    .digest('hex');
  const variables = { delivery_id: newId(), lead_id: newId(), template: 'proftest-result' };
  const about = { id: newId(), event: 'complained', timestamp: Number(timestamp) };
  const recipient = 'dana@mail.leadwire-sample.kz';
  return {
    signature: { timestamp, token, signature },
    'event-data': { ...about, recipient, 'user-variables': variables },
  };
}
