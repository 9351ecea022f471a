import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/sandbox.ts';
import { failureOf, openReceiver, openSandbox } from './sandbox-calls.ts';

const basic = (key: string) => `Basic ${Buffer.from(`api:${key}`).toString('base64')}`;
const mail = (change: Record<string, string> = {}) => ({
  from: 'Leadwire <hello@leadwire.kz>',
  to: 'aigerim@pochta-almaty.kz',
  subject: 'Ваш результат',
  text: 'Готов',
  'v:attempt_id': 'a-1',
  ...change,
});

function send(
  sandbox: Sandbox,
  form: Record<string, string>,
  key = 'mailgun-sandbox-key',
  domain = 'leadwire.kz',
) {
  return fetch(`${sandbox.mailgunUrl}/v3/${domain}/messages`, {
    method: 'POST',
    headers: { authorization: basic(key) },
    body: new URLSearchParams(form),
  });
}

async function events(sandbox: Sandbox, query = '', key = 'mailgun-sandbox-key') {
  const url = `${sandbox.mailgunUrl}/v3/leadwire.kz/events?ascending=yes&${query}`;
  const answer = await fetch(url, { headers: { authorization: basic(key) } });
  const { items } = (await answer.json()) as {
    items: { event: string; reason?: string; message: unknown }[];
  };
  return items;
}

describe('a mail that Mailgun takes', () => {
  test('is answered with an id in brackets, and its events come late and without them', async () => {
    const sandbox = await openSandbox();
    const answer = await send(sandbox, mail());
    const { id, message } = (await answer.json()) as { id: string; message: string };
    expect([answer.status, message]).toEqual([200, 'Queued. Thank you.']);
    expect(id).toMatch(/^<.+@leadwire\.kz>$/);
    expect(await events(sandbox)).toEqual([]);
    await sandbox.control.advance(3_000);
    const found = await events(sandbox, 'recipient=aigerim@pochta-almaty.kz');
    expect(found.map(({ event }) => event)).toEqual(['accepted', 'delivered']);
    expect(found[0]).toMatchObject({
      'user-variables': { attempt_id: 'a-1' },
      message: { headers: { 'message-id': id.slice(1, -1) } },
    });
  });

  test('is another one when it is asked for again', async () => {
    const sandbox = await openSandbox();
    for (let n = 0; n < 2; n += 1) await send(sandbox, mail());
    expect(await sandbox.control.mails()).toHaveLength(2);
  });

  test('may be out although the answer was 500, or none', async () => {
    const sandbox = await openSandbox();
    const lost = { provider: 'mailgun', path: '*/messages', count: 1 };
    await sandbox.control.addFault({ ...lost, action: { do: 'effect-then-5xx' } });
    expect((await send(sandbox, mail())).status).toBe(500);
    await sandbox.control.addFault({ ...lost, action: { do: 'effect-then-drop' } });
    expect(await failureOf(send(sandbox, mail()))).not.toBe('no failure');
    expect(await sandbox.control.mails()).toHaveLength(2);
  });

  test('is dropped for who bounced before, and in test mode nothing leaves', async () => {
    const sandbox = await openSandbox();
    const to = 'bounced@pochta-almaty.kz';
    await send(sandbox, mail({ to }));
    await sandbox.control.advance(3_000);
    expect((await send(sandbox, mail({ to }))).status).toBe(200);
    await send(sandbox, mail({ 'o:testmode': 'yes' }));
    await sandbox.control.advance(3_000);
    const ends = (await events(sandbox, `recipient=${to}&event=failed`)).map(
      ({ reason }) => reason,
    );
    expect(ends).toEqual(['bounce', 'suppress-bounce']);
    expect(await sandbox.control.mails()).toHaveLength(1);
  });
});

describe('a refusal', () => {
  test.each([
    ['a wrong key', mail(), 'nobody', 'leadwire.kz', 401],
    ['another domain', mail(), 'mailgun-sandbox-key', 'other.kz', 404],
    ['no text', { ...mail(), text: '' }, 'mailgun-sandbox-key', 'leadwire.kz', 400],
    ['a bad address', mail({ to: 'aigerim' }), 'mailgun-sandbox-key', 'leadwire.kz', 400],
    [
      'too many variables',
      mail({ 'v:much': 'x'.repeat(17_000) }),
      'mailgun-sandbox-key',
      'leadwire.kz',
      400,
    ],
  ])('for %s has its status and sends nothing', async (_what, form, key, domain, status) => {
    const sandbox = await openSandbox();
    const answer = await send(sandbox, form, key, domain);
    expect(answer.status).toBe(status);
    expect((await answer.text()) === 'Forbidden').toBe(status === 401);
    expect(await sandbox.control.mails()).toEqual([]);
  });

  test('beyond the rate says when it is over', async () => {
    const sandbox = await openSandbox({ mailgun: { ratePerSecond: 1 } });
    await send(sandbox, mail());
    const answer = await send(sandbox, mail());
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1_000 - 5);
  });
});

describe('webhooks', () => {
  const signingKey = 'a-signing-key-for-tests';

  test('are signed over moment and token; delivered is tried once, others again, and 406 ends it', async () => {
    const { url, received } = await openReceiver([200, 500, 406]);
    const sandbox = await openSandbox({ mailgun: { webhooks: [{ url, signingKey }] } });
    await send(sandbox, mail());
    await sandbox.control.advance(3_000);
    const [accepted, delivered] = received.map(({ body }) => JSON.parse(body) as Hook);
    expect(accepted?.['event-data'].event).toBe('accepted');
    const { timestamp, token, signature } = accepted!.signature;
    const expected = createHmac('sha256', signingKey)
      .update(timestamp + token)
      .digest('hex');
    expect([signature, token.length]).toEqual([expected, 50]);
    expect(delivered?.['event-data'].event).toBe('delivered');
    await sandbox.control.advance(24 * 60 * 60_000);
    expect(received).toHaveLength(2);
  });
});

interface Hook {
  signature: { timestamp: string; token: string; signature: string };
  'event-data': { event: string };
}
