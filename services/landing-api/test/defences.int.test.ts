import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
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
    expect((await answerOf(fetch(`${api.url}/nothing`))).status).toBe(429);
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
      'get /s/{code}',
      'post /api/landing/proftest',
      'post /api/landing/proftest/{slug}',
      'post /api/landing/submit',
    ]);
    const submit = paths['/api/landing/submit']?.['post'];
    const schema = submit?.requestBody?.content['application/json']?.schema;
    expect(Object.keys(schema?.properties ?? {})).toEqual(
      expect.arrayContaining(['name', 'email', 'phone', 'paymentMethod', 'utm', 'website']),
    );
    expect(Object.keys(submit?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '201', '400', '413', '415', '429', '503']),
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
