import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { keepPicture } from '@leadwire/shared/delivery/pictures';
import { createShortLinks, type ShortLink } from '@leadwire/shared/delivery/short-links';
import { subjects } from '@leadwire/shared/contract/topology';
import { startApi, type TestApi } from './start-api.ts';

const TARGET = 'https://leadwire.kz/result?lead=1&x=%D1%8F';
const BROWSER =
  'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

function makeLink(): Promise<ShortLink> {
  const delivery = {
    deliveryId: newId(),
    leadId: newId(),
    channel: 'sms',
    template: 'proftest-result',
  } as const;
  return createShortLinks(api.bus).ensure(delivery, TARGET);
}

function follow(code: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'user-agent': BROWSER, ...init.headers };
  return fetch(`${api.url}/s/${code}`, { redirect: 'manual', ...init, headers });
}

const click = ({ channel, deliveryId }: ShortLink) =>
  api.bus.lastUnder('DELIVERIES', subjects.delivery(channel, 'clicked', deliveryId));

async function byProgram(link: ShortLink): Promise<boolean | undefined> {
  const stored = await waitFor(() => click(link), { what: 'the click' });
  return eventSchemas['delivery.recorded.v1'].parse(stored.event).data.byProgram;
}

test('a short link leads on and the click becomes a fact', async () => {
  const link = await makeLink();
  const response = await follow(link.code);
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe(TARGET);
  expect(response.headers.get('cache-control')).toBe('no-store');

  const stored = await waitFor(() => click(link), { what: 'the click' });
  expect(await byProgram(link)).toBeUndefined();
  expect(eventSchemas['delivery.recorded.v1'].parse(stored.event)).toMatchObject({
    subject: link.leadId,
    data: {
      deliveryId: link.deliveryId,
      channel: 'sms',
      template: 'proftest-result',
      outcome: 'clicked',
      shortLink: { code: link.code, url: TARGET },
    },
  });
});

test.each([
  ['a HEAD request', { method: 'HEAD' }],
  ['Telegram’s preview', { headers: { 'user-agent': 'TelegramBot (like TwitterBot)' } }],
  ['a prefetch', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
])('%s is led on and counted apart from people', async (_who, init: RequestInit) => {
  const link = await makeLink();
  expect((await follow(link.code, init)).status).toBe(302);
  expect(await byProgram(link)).toBe(true);
});

test('a browser is a scanner’s while no person can have opened the message', async () => {
  const link = await makeLink();
  const ledger = createLedger(api.bus);
  const dueAt = new Date();
  await ledger.plan(link, { dueAt });
  await follow(link.code);
  expect(await byProgram(link)).toBe(true);
  const other = await makeLink();
  await ledger.plan(other, { dueAt });
  await ledger.claim(other, 'sender', 60_000, {});
  await follow(other.code);
  expect(await byProgram(other)).toBe(true);
});

test.each(['zzzzzzz', '%2F%2Fevil.kz', 'https:%2F%2Fevil.kz', '..%2F', '>', 'a'.repeat(300)])(
  'an unknown code (%s) is a friendly page, never a redirect',
  async (code) => {
    const response = await follow(code);
    expect([404, 302].includes(response.status) && response.headers.get('location')).toBeNull();
    expect(response.status).toBe(404);
  },
);

test('the page of an unknown link speaks Russian', async () => {
  const response = await follow('zzzzzzz');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await response.text()).toContain('Ссылка не найдена');
});

test('a target that is not http(s) is never led to', async () => {
  const bucket = await api.bus.bucket('short_links');
  const link = { ...(await makeLink()), code: 'evil', url: 'javascript:alert(1)' };
  await bucket.put('evil', JSON.stringify(link));
  const response = await follow('evil');
  expect(response.headers.get('location')).toBeNull();
  expect(response.status).toBeGreaterThanOrEqual(400);
});

test('a visitor arrives although the click cannot be counted', async () => {
  const link = await makeLink();
  await (await api.bus.manager()).streams.delete('DELIVERIES');
  const startedAt = Date.now();
  const response = await follow(link.code);
  expect(response.status).toBe(302);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

test('a picture is what was kept, for a year and for pages of others; no other name leads anywhere', async () => {
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 1, 2, 3]);
  const name = await keepPicture(api.bus, bytes, 'jpg');
  expect(await keepPicture(api.bus, bytes, 'jpg')).toBe(name);
  const found = await fetch(`${api.url}/i/${name}`);
  expect(Buffer.from(await found.arrayBuffer())).toEqual(bytes);
  expect(Object.fromEntries(found.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'cache-control': 'public, max-age=31536000, immutable',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  });
  const others = [
    name.replace('jpg', 'png'),
    name.replace('jpg', 'svg'),
    '..%2f..%2fetc%2fpasswd',
    '>',
  ];
  for (const other of others) expect((await fetch(`${api.url}/i/${other}`)).status).toBe(404);
});

test('the bare address says what it is, and where whoever sends leads reads on', async () => {
  const page = await (await fetch(api.url)).text();
  expect(page).toContain('Здесь принимаются заявки');
  const [, docs = ''] = /href="([^"]+)"/.exec(page) ?? [];
  expect((await fetch(new URL(docs, api.url))).status).toBe(200);
});
