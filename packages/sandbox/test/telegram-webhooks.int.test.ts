import { describe, expect, test } from 'vitest';
import { openReceiver, openSandbox, type Received } from './sandbox-calls.ts';
import { openGroup, readUpdates, telegram, type Update } from './telegram-calls.ts';

const SECRET = 'x-telegram-bot-api-secret-token';
const HOUR_MS = 3600_000;
/** Asked for, an hour is waited: the day of such a test has few attempts. */
const hourly = { 'retry-after': '3600' };
const textOf = ({ body }: Received) => (JSON.parse(body) as Update).message?.text;
type Info = {
  url: string;
  pending_update_count: number;
  last_error_message?: string;
  max_connections?: number;
};

describe('setWebhook', () => {
  test('says what it did, and so does deleteWebhook', async () => {
    const sandbox = await openSandbox();
    const url = 'https://telegram.leadwire.kz/telegram/leads/';
    const words = async (method: string, params = {}) => {
      await sandbox.control.advance(1_000);
      return (await telegram(sandbox, method, params)).description;
    };
    expect(await words('setWebhook', { url })).toBe('Webhook was set');
    expect(await words('setWebhook', { url })).toBe('Webhook is already set');
    expect(await words('deleteWebhook')).toBe('Webhook was deleted');
    expect(await words('setWebhook', { url: '' })).toBe('Webhook is already deleted');
  });

  test.each([
    [{ url: 'telegram' }, 'Bad Request: invalid webhook URL specified'],
    [{ secret_token: 'секрет' }, 'Bad Request: secret token contains unallowed characters'],
    [{ secret_token: 'a'.repeat(257) }, 'Bad Request: secret token is too long'],
    [
      { url: 'http://leadwire.kz' },
      'Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
    ],
    [
      { url: 'https://leadwire.kz:3104' },
      'Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
    ],
  ])('refuses %j in the cloud', async (change, description) => {
    const sandbox = await openSandbox({ telegram: { localServer: false } });
    const params = { url: 'https://leadwire.kz', ...change };
    expect((await telegram(sandbox, 'setWebhook', params)).description).toBe(description);
  });

  test('comes no oftener than once a second', async () => {
    const sandbox = await openSandbox();
    const set = (path: string) =>
      telegram(sandbox, 'setWebhook', { url: `https://leadwire.kz/${path}` });
    expect((await set('a')).ok).toBe(true);
    expect(await set('b')).toMatchObject({ status: 429, parameters: { retry_after: 1 } });
  });
});

describe('a webhook', () => {
  test('brings updates with the secret in a header, those that waited too', async () => {
    const { url, received } = await openReceiver();
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.say(chat, '/before');
    await telegram(sandbox, 'setWebhook', { url, secret_token: 'a_secret-1', max_connections: 5 });
    await sandbox.control.telegram.say(chat, '/after');
    await sandbox.control.advance(0);
    expect(received.map(textOf)).toEqual(['/before', '/after']);
    expect(received.map(({ headers }) => headers[SECRET])).toEqual(['a_secret-1', 'a_secret-1']);
    const { result } = await telegram<Info>(sandbox, 'getWebhookInfo');
    expect(result).toMatchObject({ url, pending_update_count: 0, max_connections: 5 });
  });

  test('is repeated until it is taken, and one chat waits in order while another goes on', async () => {
    const { url, received } = await openReceiver([500, 500]);
    const sandbox = await openSandbox();
    const [stuck, free] = [await openGroup(sandbox), await openGroup(sandbox)];
    await telegram(sandbox, 'setWebhook', { url });
    await sandbox.control.telegram.say(stuck, '/first');
    await sandbox.control.telegram.say(stuck, '/second');
    await sandbox.control.advance(0);
    const { result } = await telegram<Info>(sandbox, 'getWebhookInfo');
    expect(result).toMatchObject({
      pending_update_count: 2,
      last_error_message: 'Wrong response from the webhook: 500',
    });
    await sandbox.control.advance(1_000);
    await sandbox.control.telegram.say(free, '/other');
    await sandbox.control.advance(0);
    expect(received.map(textOf)).toEqual(['/first', '/first', '/other']);
    await sandbox.control.advance(2_000);
    expect(received.slice(3).map(textOf)).toEqual(['/first', '/second']);
  });

  test('waits as long as its receiver asks, is given up after a day, and the next one comes', async () => {
    const { url, received } = await openReceiver(Array<number>(100).fill(503), hourly);
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await telegram(sandbox, 'setWebhook', { url });
    await sandbox.control.telegram.say(chat, '/first');
    await sandbox.control.advance(20 * HOUR_MS);
    expect(received).toHaveLength(21);
    await sandbox.control.telegram.say(chat, '/second');
    await sandbox.control.advance(10 * HOUR_MS);
    expect(textOf(received.at(-1) as Received)).toBe('/second');
  });

  test('is dropped when its receiver is gone for 23 hours', async () => {
    const { url } = await openReceiver(Array<number>(100).fill(410), hourly);
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await telegram(sandbox, 'setWebhook', { url });
    await sandbox.control.telegram.say(chat, '/first');
    await sandbox.control.advance(23.5 * HOUR_MS);
    expect((await telegram<Info>(sandbox, 'getWebhookInfo')).result.url).toBe('');
    expect((await readUpdates(sandbox)).map(({ message }) => message?.text)).toEqual(['/first']);
  });

  test('that was deleted brings nothing more; getUpdates has the rest', async () => {
    const { url, received } = await openReceiver([500]);
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await telegram(sandbox, 'setWebhook', { url });
    await sandbox.control.telegram.say(chat, '/first');
    await sandbox.control.advance(0);
    await telegram(sandbox, 'deleteWebhook');
    await sandbox.control.advance(HOUR_MS);
    expect(received).toHaveLength(1);
    expect((await readUpdates(sandbox)).map(({ message }) => message?.text)).toEqual(['/first']);
  });

  test('can be told to forget what waits', async () => {
    const { url, received } = await openReceiver([500]);
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await telegram(sandbox, 'setWebhook', { url });
    await sandbox.control.advance(1_000);
    await sandbox.control.telegram.say(chat, '/first');
    await sandbox.control.telegram.say(chat, '/second');
    await sandbox.control.advance(0);
    await telegram(sandbox, 'setWebhook', { url, drop_pending_updates: true });
    await sandbox.control.telegram.say(chat, '/third');
    await sandbox.control.advance(HOUR_MS);
    expect(received.map(textOf)).toEqual(['/first', '/third']);
  });

  test.each([
    ['wrong', 'a-secret-that-nobody-agreed-on'],
    ['forged', undefined],
  ] as const)('can come with a secret that is %s, and twice', async (signature, header) => {
    const { url, received } = await openReceiver();
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await telegram(sandbox, 'setWebhook', { url, secret_token: 'a_secret-1' });
    await sandbox.control.telegram.set({ webhookTrouble: { signature, duplicates: 1 } });
    await sandbox.control.telegram.say(chat, '/first');
    await sandbox.control.advance(0);
    expect(received.map(({ headers }) => headers[SECRET])).toEqual([header, header]);
    const [one, two] = received.map(({ body }) => (JSON.parse(body) as Update).update_id);
    expect(one).toBe(two);
  });
});
