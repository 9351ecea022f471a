import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { answerOf, form, startApi, type TestApi } from './start-api.ts';

const SITE = 'https://site.kz';
const PROFTEST = '/api/landing/proftest';

let broker: TestBroker;
const running: TestApi[] = [];

beforeAll(async () => {
  broker = await startNats();
});
afterAll(async () => {
  await Promise.all(running.map((api) => api.stop()));
  await broker?.close();
});

async function start(env: Record<string, string> = {}): Promise<TestApi> {
  const api = await startApi(broker, { env });
  running.push(api);
  return api;
}

async function alertData(api: TestApi, what: string): Promise<Alert | undefined> {
  const stored = await api.bus.lastUnder('ALERTS', `alerts.*.${what}`);
  return (stored?.event as { data: Alert } | undefined)?.data;
}

describe('another site', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await start({ CORS_ORIGINS: `${SITE},https://www.site.kz` });
  });

  const preflight = (origin: string) =>
    fetch(api.url + PROFTEST, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,idempotency-key',
      },
    });

  test('on the list may post and read the answer', async () => {
    const { status, headers } = await preflight(SITE);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(SITE);
    expect(headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    const answer = await api.post(PROFTEST, form('cors'), { origin: SITE });
    expect(answer.headers.get('access-control-allow-origin')).toBe(SITE);
  });

  test.each(['https://evil.kz', 'https://site.kz.evil.kz', 'http://site.kz', 'null', `${SITE}/`])(
    'that is %s is told nothing',
    async (origin) => {
      const { headers } = await preflight(origin);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('on the list can read why a form was refused', async () => {
    const answer = await api.post(PROFTEST, '{', { origin: SITE });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('access-control-allow-origin')).toBe(SITE);
  });
});

describe('a post from a page that is not ours', () => {
  test('is refused whatever its content type, and people hear which page it was', async () => {
    const api = await start({ CORS_ORIGINS: SITE, PUBLIC_BASE_URL: 'https://api.site.kz' });
    const before = await api.countLeads();
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded'];
    const post = (path: string, origin: string, type: string) =>
      fetch(api.url + path, {
        method: 'POST',
        headers: { origin, 'content-type': type },
        body: type.endsWith('urlencoded') ? 'phone=87000000141' : '{"phone":"87000000142"}',
      });
    for (const path of [PROFTEST, '/api/forms/spring']) {
      for (const type of types) {
        expect((await post(path, 'https://evil.kz', type)).status).toBe(403);
        expect((await post(path, 'null', type)).status).toBe(403);
      }
    }
    expect(await api.countLeads()).toBe(before);
    const alert = await waitFor(() => api.bus.lastUnder('ALERTS', 'alerts.*.origin_refused'));
    expect(JSON.stringify(alert.event)).toContain('https://evil.kz');
    for (const origin of [SITE, 'https://api.site.kz', api.url]) {
      expect((await post(PROFTEST, origin, 'text/plain')).ok).toBe(true);
    }
    // Another page of ours says nothing about that one; once it may post, it is over.
    const state = async () => (await alertData(api, 'origin_refused'))?.state ?? 'raised';
    expect(await state()).toBe('raised');
    const mended = await start({ CORS_ORIGINS: `${SITE},https://evil.kz` });
    await mended.post(PROFTEST, form('mended'), { origin: SITE });
    await mended.post(PROFTEST, form('mended'), { origin: 'https://evil.kz' });
    await waitFor(async () => (await state()) === 'resolved', { what: 'the alert to be over' });
  });
});

describe('what comes slowly', () => {
  test('has 15 seconds', async () => {
    const { headersTimeout, requestTimeout } = (await start()).server;
    expect([headersTimeout, requestTimeout]).toEqual([15_000, 15_000]);
  });

  const head = `POST ${PROFTEST} HTTP/1.1\r\nhost: a\r\n`;
  test.each([
    ['a head', head],
    ['a body', `${head}content-type: application/json\r\ncontent-length: 500\r\n\r\n{"na`],
  ])('%s is cut off then, though a little comes all the time', async (_what, beginning) => {
    const api = await startApi(broker, { requestTimeoutMs: 500 });
    running.push(api);
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.write(beginning);
    const dripping = setInterval(() => socket.write('a'), 50);
    try {
      await once(socket, 'close');
    } finally {
      clearInterval(dripping);
    }
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

test('somebody who speaks for others and is not trusted is told of once', async () => {
  const api = await start();
  for (const n of [1, 2, 3]) {
    const forwarded = { 'x-forwarded-for': `203.0.113.${n}` };
    await api.post(PROFTEST, form(`proxy${n}`), forwarded);
  }
  const alert = await waitFor(() => api.bus.lastUnder('ALERTS', 'alerts.*.untrusted_proxy'));
  expect(JSON.stringify(alert.event)).toContain('TRUST_PROXY');
  const trusting = await start({ TRUST_PROXY: 'loopback' });
  await trusting.post(PROFTEST, form('proxy4'), { 'x-forwarded-for': '203.0.113.4' });
  await waitFor(async () => {
    const last = await api.bus.lastUnder('ALERTS', 'alerts.*.untrusted_proxy');
    return JSON.stringify(last?.event).includes('resolved');
  });
});

test('wrong secrets of hooks are told of, and no longer compared', async () => {
  const api = await start({ AMOCRM_WEBHOOK_SECRET: 'a-secret-of-the-hook' });
  const post = (secret: string) =>
    fetch(`${api.url}/api/webhooks/amocrm/${secret}`, { method: 'POST', body: 'a=b' });
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, n) => post(`guess-${n}-aaaaaaaaa`)),
  );
  const counts = [404, 429].map((each) => guesses.filter(({ status }) => status === each).length);
  expect(counts).toEqual([30, 10]);
  await waitFor(() => api.bus.lastUnder('ALERTS', 'alerts.*.webhooks_refused'));
  // AmoCRM itself is still heard.
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const url = `${api.url}/api/webhooks/amocrm/a-secret-of-the-hook`;
  expect((await fetch(url, { method: 'POST', headers, body: 'a=b' })).status).toBe(200);
});

test('130 people of a school behind one address are all taken', async () => {
  const api = await start({ RATE_LIMIT_PER_MINUTE: '600' });
  const answers = await Promise.all(
    Array.from({ length: 130 }, (_, n) => api.post(PROFTEST, form(`school${n}`))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
});

describe('more requests than an address may make', () => {
  test('are told when to come back, in the shape of every refusal', async () => {
    const api = await start({ RATE_LIMIT_PER_MINUTE: '3', CORS_ORIGINS: SITE });
    const post = (id: number) => api.post(PROFTEST, form(`rate${id}`), { origin: SITE });
    const statuses = [(await post(1)).status, (await post(2)).status, (await post(3)).status];
    expect(statuses).toEqual([201, 201, 201]);

    const refused = await post(4);
    expect(refused).toMatchObject({
      status: 429,
      body: { success: false, error: expect.any(String), issues: [] },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('access-control-allow-origin')).toBe(SITE);
    // Links have a counter of their own.
    expect((await fetch(`${api.url}/s/abc`)).status).toBe(404);
  });

  test('do not count for health and for the holder of the admin token', async () => {
    const api = await start({ RATE_LIMIT_PER_MINUTE: '1' });
    await api.post(PROFTEST, form('health'));
    const authorization = `Bearer ${ADMIN_TOKEN}`;
    for (const path of ['/healthz', '/readyz', '/healthz']) {
      expect((await fetch(api.url + path)).status).toBe(200);
    }
    expect((await fetch(`${api.url}/metrics`, { headers: { authorization } })).status).toBe(200);
    expect((await api.status('01a1f898-4383-7138-adf7-1d7aca51f630')).status).toBe(404);
  });

  test('are counted by the address that a trusted proxy names, and no other', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const trusting = await start({ RATE_LIMIT_PER_MINUTE: '1', TRUST_PROXY: 'loopback' });
    expect((await trusting.post(PROFTEST, form('p1'), from('203.0.113.1'))).status).toBe(201);
    expect((await trusting.post(PROFTEST, form('p2'), from('203.0.113.2'))).status).toBe(201);
    expect((await trusting.post(PROFTEST, form('p3'), from('203.0.113.1'))).status).toBe(429);

    const direct = await start({ RATE_LIMIT_PER_MINUTE: '1' });
    expect((await direct.post(PROFTEST, form('d1'), from('203.0.113.1'))).status).toBe(201);
    expect((await direct.post(PROFTEST, form('d2'), from('203.0.113.2'))).status).toBe(429);
  });
});

describe('the documentation', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await start({ PUBLIC_BASE_URL: 'https://api.site.kz/' });
  });

  test('names every route, its bodies and its answers', async () => {
    const { body } = await answerOf(fetch(`${api.url}/docs/json`));
    expect(body).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'https://api.site.kz' }] });
    const paths = body['paths'] as Record<string, Record<string, Operation>>;
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'get /api/landing/leads/{leadId}/status',
      'get /i/{name}',
      'get /s/{code}',
      'post /api/landing/proftest',
      'post /api/landing/proftest/{slug}',
      'post /api/landing/submit',
    ]);
    const submit = paths['/api/landing/submit']?.['post'];
    const schema = submit?.requestBody?.content['application/json']?.schema;
    expect(Object.keys(schema?.properties ?? {})).toEqual(
      expect.arrayContaining(['name', 'email', 'phone', 'paymentMethod', 'utm', 'lw_topic']),
    );
    expect(Object.keys(submit?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '201', '400', '403', '413', '415', '429', '503']),
    );
  });

  test('is a page whose scripts its own security policy lets run', async () => {
    const response = await fetch(`${api.url}/docs/`);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.status).toBe(200);
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(html).toContain('swagger-ui-bundle.js');
    // Every script is a file of ours: an inline one would be blocked.
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  });
});

interface Operation {
  requestBody?: { content: Record<string, { schema: { properties: object } }> };
  responses: object;
}

test('answers carry the headers that keep browsers in check', async () => {
  const api = await start();
  const { headers } = await fetch(`${api.url}/healthz`);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(headers.get('x-powered-by')).toBeNull();
});

test('the metrics count submissions by what became of them, for the holder of the admin token', async () => {
  const api = await start();
  await api.post(PROFTEST, form('counted'));
  await api.post(PROFTEST, form('counted'));
  await api.post(PROFTEST, form('counted', { website: 'https://spam.kz' }));
  await api.post(PROFTEST, { name: 'Анна' });
  expect((await fetch(`${api.url}/metrics`)).status).toBe(401);

  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const text = await (await fetch(`${api.url}/metrics`, { headers })).text();
  for (const outcome of ['created', 'duplicate', 'quarantined', 'refused']) {
    expect(text).toMatch(
      new RegExp(`landing_submissions_total\\{kind="proftest",outcome="${outcome}".*\\} 1\n`),
    );
  }
  expect(text).toMatch(
    new RegExp(`http_request_seconds_count\\{.*route="${PROFTEST}",status="400"\\} 1\n`),
  );
});
