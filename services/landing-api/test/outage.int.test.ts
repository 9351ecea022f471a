import { afterEach, expect, test } from '@jest/globals';
import { startNats, type TestBroker } from '@leadwire/testing/nats';
import { startServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { newId } from '@leadwire/shared/ids';
import { createShortLinks } from '@leadwire/shared/short-links';
import { ADMIN_TOKEN, accepted, form, startApi, type TestApi } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';
const unavailable = {
  status: 503,
  body: { success: false, error: expect.any(String), issues: [] },
};

let broker: TestBroker | undefined;
let api: TestApi | undefined;

afterEach(async () => {
  await api?.stop();
  await broker?.close();
  api = undefined;
  broker = undefined;
});

async function started(options: { awaitBroker?: boolean } = {}): Promise<[TestBroker, TestApi]> {
  broker = await startNats();
  if (options.awaitBroker === false) await broker.kill();
  api = await startApi(broker, options);
  return [broker, api];
}

test('without a broker a form is told at once to try again, and later it is taken', async () => {
  const [nats, { url, post }] = await started({ awaitBroker: false });
  const startedAt = Date.now();
  const refused = await post(PROFTEST, form('early'));
  expect(refused).toMatchObject(unavailable);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(Date.now() - startedAt).toBeLessThan(1_000);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);

  await nats.start();
  expect((await accepted(() => post(PROFTEST, form('early')))).status).toBe(201);
});

test('a broker that dies in between costs a form nothing but the wait', async () => {
  const [nats, { url, bus, post, countLeads, status }] = await started();
  const link = await createShortLinks(bus).ensure(
    { deliveryId: newId(), leadId: newId(), channel: 'sms', template: 'proftest-result' },
    'https://leadwire.kz/result',
  );
  const headers = { 'idempotency-key': newId() };
  const first = await post(PROFTEST, form('kept'), headers);
  await nats.kill();
  await waitFor(() => !bus.isConnected(), { what: 'the bus to notice' });

  expect(await post(PROFTEST, form('kept'), headers)).toMatchObject(unavailable);
  expect(await post(PROFTEST, form('new'))).toMatchObject(unavailable);
  expect(await status(String(first.body['leadId']))).toMatchObject(unavailable);
  const visitor = await fetch(`${url}/s/${link.code}`, { redirect: 'manual' });
  expect(visitor.status).toBe(503);
  expect(await visitor.text()).toContain('Попробуйте ещё раз');
  // Bad input is bad whether the broker is there or not.
  expect(await post(PROFTEST, '{')).toMatchObject({ status: 400 });

  await nats.start();
  const again = await accepted(() => post(PROFTEST, form('kept'), headers));
  expect(again).toMatchObject({ status: 200, body: { leadId: first.body['leadId'] } });
  expect((await accepted(() => post(PROFTEST, form('new')))).status).toBe(201);
  expect(await countLeads()).toBe(2);
});

test('the service as it is run takes a lead, keeps contact data out of its log and ends cleanly', async () => {
  broker = await startNats();
  const service = await startServiceProcess({
    entry: 'services/landing-api/src/main.ts',
    env: { NATS_URL: broker.url, ADMIN_TOKEN, LOG_LEVEL: 'trace' },
  });
  const response = await fetch(`${service.url}${PROFTEST}?email=aigerim@mail.kz`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(form('process')),
  });
  expect(response.status).toBe(201);
  await fetch(`${service.url}/nothing?phone=87051234567`);
  expect(await service.stop()).toBe(0);

  const log = JSON.stringify(service.logs);
  expect(log).toContain('"outcome":"created"');
  expect(log).not.toMatch(/aigerim|Айгерим|7051234567|123-45-67/);
});

test('a bad variable stops the service with its name and what was expected', async () => {
  const starting = startServiceProcess({
    entry: 'services/landing-api/src/main.ts',
    env: { ADMIN_TOKEN: 'short', CORS_ORIGINS: '*' },
  });
  await expect(starting).rejects.toThrow(
    /ADMIN_TOKEN: expected a secret[\s\S]*CORS_ORIGINS: expected exact origins/,
  );
});
