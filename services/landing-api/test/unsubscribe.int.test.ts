import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { subjects } from '@leadwire/shared/contract/topology';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { startApi, type TestApi } from './start-api.ts';

const UNSUBSCRIBE_SECRET = 'a secret of at least 32 characters';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { UNSUBSCRIBE_SECRET } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

const linkOf = (recipientId: string, secret = UNSUBSCRIBE_SECRET) =>
  `${api.url}/u/${unsubscribeToken(recipientId, secret)}`;

async function suppressions(recipientId: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const subject = subjects.contactSuppressed('*');
  for await (const { json } of readStream(api.bus, 'CONTACTS', { subject })) {
    const event = eventSchemas['contact.suppressed.v1'].parse(json);
    if (event.data.recipientId === recipientId) found.push(event.data);
  }
  return found;
}

/** What a mailbox's own button sends (RFC 8058, section 3.1). */
const ONE_CLICK: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'List-Unsubscribe=One-Click',
};

describe('/u/:token', () => {
  test('following the link shows a page and changes nothing: scanners follow links too', async () => {
    const recipientId = newId();
    const response = await fetch(linkOf(recipientId));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const html = await response.text();
    expect(html).toContain('Отписаться от рассылки?');
    expect(html).toContain('<form method="post">');
    expect(await suppressions(recipientId)).toEqual([]);
  });

  test('one click unsubscribes, and so does a second one', async () => {
    const recipientId = newId();
    for (let click = 1; click <= 2; click += 1) {
      const response = await fetch(linkOf(recipientId), ONE_CLICK);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('Вы отписаны');
    }
    expect(await suppressions(recipientId)).toEqual([
      { recipientId, reason: 'unsubscribed', source: 'link', at: expect.any(String) },
    ]);
  });

  test.each([
    [
      'the page’s button',
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: '',
      },
    ],
    ['a form in parts', { method: 'POST', body: formInParts() }],
    ['a request without a body', { method: 'POST' }],
  ])('%s unsubscribes as well', async (_what, init: RequestInit) => {
    const recipientId = newId();
    expect((await fetch(linkOf(recipientId), init)).status).toBe(200);
    expect(await suppressions(recipientId)).toHaveLength(1);
  });

  test('a wrong token gets a page that says so, with either method', async () => {
    const wrong = [linkOf(newId(), 'another secret of at least 32 characters'), `${api.url}/u/x`];
    for (const link of wrong) {
      for (const init of [{}, ONE_CLICK]) {
        const response = await fetch(link, init);
        expect(response.status).toBe(404);
        expect(await response.text()).toContain('Ссылка не найдена');
      }
    }
  });

  test('while the broker is away the page asks to try again, and the link still shows', async () => {
    const away = await startNats();
    const other = await startApi(away, { env: { UNSUBSCRIBE_SECRET } });
    await away.kill();
    const link = `${other.url}/u/${unsubscribeToken(newId(), UNSUBSCRIBE_SECRET)}`;
    const response = await fetch(link, ONE_CLICK);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.text()).toContain('Попробовать ещё раз');
    expect((await fetch(link)).status).toBe(200);
    await other.stop();
    await away.close();
  });
});

function formInParts(): FormData {
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  return form;
}
