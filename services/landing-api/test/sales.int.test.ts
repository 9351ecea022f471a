import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { eventSchemas, makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { startApi, type TestApi } from './start-api.ts';

const PLATFORM_TOKEN = 'a-platform-token-for-tests';
const auth = { authorization: `Bearer ${PLATFORM_TOKEN}` };
const LANDING_PAGE_URL = 'https://leadwire-sample.kz/course?lang=ru';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { PLATFORM_TOKEN, LANDING_PAGE_URL } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

const tell = (id: string, more: object = {}) =>
  api.post('/api/platform/students', { id, name: 'Дамир', ...more }, auth);
const refund = (id: string, body: object = {}) =>
  api.post(`/api/platform/students/${id}/refund`, body, auth);

async function sales(studentId: string) {
  const manager = await api.bus.manager();
  const { state } = await manager.streams.info('SALES', {
    subjects_filter: `sales.recorded.${studentId}.*`,
  });
  const found = Object.keys(state.subjects ?? {}).map(async (subject) => {
    const stored = await api.bus.lastUnder('SALES', subject);
    return eventSchemas['sale.recorded.v1'].parse(stored?.event).data;
  });
  return Promise.all(found);
}

describe('a student who paid', () => {
  test('is one sale for each product, however often told; the first amount stays', async () => {
    const first = await tell('st-1', { amount: '45000', product: 'Аналитика' });
    expect(first).toMatchObject({ status: 201, body: { saleId: expect.any(String) } });
    const again = await tell('st-1', { amount: 1, product: 'Аналитика' });
    expect(again).toMatchObject({
      status: 200,
      body: { duplicate: true, saleId: first.body['saleId'] },
    });
    const other = await tell('st-1', { amount: 7_000, product: 'Дизайн' });
    expect(other.status).toBe(201);
    expect(other.body).not.toHaveProperty('duplicate');
    const stored = (await sales('st-1')).map(({ product, amount }) => `${product} ${amount}`);
    expect(stored.sort()).toEqual(['Аналитика 45000', 'Дизайн 7000']);
  });

  test('paid the default where no amount is told, and nothing where it is 0', async () => {
    await tell('st-2', { course: 'Аналитика', phone: '8 700 000 12 34' });
    expect(await sales('st-2')).toMatchObject([
      { amount: 5_000, product: 'Аналитика', phone: '+77000001234' },
    ]);
    const free = await tell('st-3', { amount: 0 });
    expect(free.status).toBe(201);
    expect(free.body).not.toHaveProperty('saleId');
    expect(await sales('st-3')).toEqual([]);
  });

  test('gets the sale by being told again after a crash in between, but not when they are older than sales', async () => {
    const old = {
      studentId: 'st-4',
      name: 'Дамир',
      email: null,
      phone: null,
      course: null,
      receivedAt: new Date().toISOString(),
    };
    const stored = (data: typeof old & { product?: string; saleId?: string }) =>
      api.bus.publish(
        subjects.studentCreated(data.studentId),
        makeEvent('student.created.v1', { source: 'test', subject: data.studentId, data }),
      );
    await stored(old);
    expect((await tell('st-4')).body).toMatchObject({ duplicate: true });
    expect(await sales('st-4')).toEqual([]);
    const saleId = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
    await stored({ ...old, studentId: 'st-5', product: 'course', saleId });
    expect((await tell('st-5')).status).toBe(201);
    expect(await sales('st-5')).toHaveLength(1);
  });

  test.each([
    ['amount', { amount: -1 }],
    ['amount', { amount: 'много' }],
    ['product', { product: { name: 'x' } }],
  ])('with a wrong %s is refused with where', async (path, body) => {
    const answer = await tell('st-6', body);
    expect(answer).toMatchObject({ status: 400, body: { issues: [{ path }] } });
  });

  test('may be paid back, once, also before the sale is told', async () => {
    const before = await refund('st-7');
    const sold = await tell('st-7', { product: 'Аналитика' });
    expect(sold.body['saleId']).toBe(before.body['saleId']);
    expect(await refund('st-7', { product: 'Аналитика' })).toMatchObject({
      status: 200,
      body: { saleId: before.body['saleId'], duplicate: true },
    });
    const other = await refund('st-7', { product: 'Дизайн' });
    expect(other.status).toBe(201);
    expect(other.body['saleId']).not.toBe(before.body['saleId']);
    expect((await refund('st 7')).status).toBe(400);
  });
});

describe('a referrer', () => {
  const dana = { name: 'Дана', email: 'Dana@leadwire-sample.kz', phone: '8 700 000 12 34' };
  const register = (more: object = {}) =>
    api.post('/api/platform/referrers', { ...dana, ...more }, auth);
  const follow = (code: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/r/${code}`, { redirect: 'manual', headers });
  const clicks = async (code: string) => {
    const manager = await api.bus.manager();
    const filter = { subjects_filter: subjects.referral('clicked', code) };
    const { state } = await manager.streams.info('REFERRALS', filter);
    return Object.values(state.subjects ?? {}).reduce((sum, n) => sum + n, 0);
  };

  test('gets a code once, and nobody else gets it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => register({ code: ' Dana-24' })),
    );
    expect(new Set(answers.map(({ body }) => body['code']))).toEqual(new Set(['dana-24']));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const taken = await register({ email: 'timur@leadwire-sample.kz', code: 'DANA-24' });
    expect(taken).toMatchObject({ status: 409, body: { issues: [{ path: 'code' }] } });
    const free = await register({ email: 'timur@leadwire-sample.kz' });
    expect(free).toMatchObject({
      status: 201,
      body: { code: expect.stringMatching(/^[a-z0-9]{6}$/) },
    });
  });

  test.each([
    ['name', { name: ' ' }],
    ['email', { email: 'dana' }],
    ['phone', { phone: '12345678' }],
    ['code', { code: 'два слова' }],
  ])('without a usable %s is refused', async (path, more) => {
    const answer = await register(more);
    expect(answer).toMatchObject({ status: 400, body: { issues: [{ path }] } });
  });

  test('has a link that leads to the landing page with the tags on, and is counted', async () => {
    await register({ code: 'dana-24' });
    const answer = await follow('Dana-24');
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe(
      'https://leadwire-sample.kz/course?lang=ru&ref=dana-24&utm_source=ref_dana-24&utm_medium=referral',
    );
    await follow('dana-24', { 'user-agent': 'TelegramBot (like TwitterBot)' });
    await waitFor(async () => (await clicks('dana-24')) === 1);
    // Whoever has a wrong code arrives as well, and the page is never chosen by the request.
    const unknown = await follow('nobody');
    expect(unknown.headers.get('location')).toContain('ref=nobody');
    const odd = await follow(encodeURIComponent('https://evil.example'));
    expect(odd.headers.get('location')).toBe(LANDING_PAGE_URL);
    await follow('dana-24');
    await waitFor(async () => (await clicks('dana-24')) === 2);
    expect(await clicks('nobody')).toBe(0);
  });
});
