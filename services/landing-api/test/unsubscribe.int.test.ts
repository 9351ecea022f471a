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

/** What the page calls the person. */
const SHOWN = 'a•••@mail.leadwire-sample.kz';

describe('/u/:token', () => {
  test('following the link shows whose it is and what comes, and changes nothing: scanners follow links too', async () => {
    const recipientId = newId();
    const token = unsubscribeToken(recipientId, UNSUBSCRIBE_SECRET, SHOWN);
    const response = await fetch(`${api.url}/u/${token}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const html = await response.text();
    expect(html).toContain('О чём мы вам пишем');
    expect(html).toContain(SHOWN);
    expect(html).toContain('Leadwire');
    expect(html).toContain(`<form method="post" action="/u/${token}">`);
    expect(html).toContain(`<form method="post" action="/u/${token}/restore">`);
    expect(html).not.toContain('<!--');
    expect(await suppressions(recipientId)).toEqual([]);
  });

  test('out, back and out again within seconds: each choice is a fact, and the page says the last one', async () => {
    const recipientId = newId();
    const link = linkOf(recipientId);
    const choose = async (address: string, words: string) => {
      const response = await fetch(address, ONE_CLICK);
      expect(response.status).toBe(200);
      const answers = [await response.text(), await (await fetch(link)).text()];
      for (const html of answers) expect(html).toContain(words);
    };
    await choose(link, 'Вы отписаны от рассылок');
    await choose(`${link}/restore`, 'Рассылки снова приходят');
    await choose(link, 'Вы отписаны от рассылок');
    const told = { recipientId, reason: 'unsubscribed', source: 'link', at: expect.any(String) };
    expect(await suppressions(recipientId)).toEqual([told, told]);
    const back = await api.bus.lastUnder('CONTACTS', subjects.contactRestored(recipientId));
    expect(eventSchemas['contact.restored.v1'].parse(back?.event).data).toMatchObject({
      recipientId,
      source: 'link',
    });
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
      const asked = [
        ...[{}, ONE_CLICK].map((init) => [link, init] as const),
        [`${link}/restore`, ONE_CLICK] as const,
      ];
      for (const [address, init] of asked) {
        const response = await fetch(address, init);
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
    for (const address of [link, `${link}/restore`]) {
      const response = await fetch(address, ONE_CLICK);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await response.text()).toContain('Попробовать ещё раз');
    }
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
