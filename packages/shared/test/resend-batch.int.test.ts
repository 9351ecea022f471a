import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { noLimit } from '@leadwire/shared/coordination/rate-limiter';
import { createResend, type BatchMail } from '@leadwire/shared/providers/resend';

const mail = (to: string): BatchMail => ({
  from: 'Leadwire <hello@leadwire.kz>',
  to,
  subject: 'Эфир перенесён',
  html: '<p>Здравствуйте!</p>',
  text: 'Здравствуйте!',
  headers: { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
  tags: [{ name: 'template', value: 'stream-moved' }],
});
const people = ['a', 'b', 'c'].map((name) => mail(`${name}@mail.leadwire-sample.kz`));

let sandbox: Sandbox;
let pauses: number[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  pauses = [];
  await sandbox.control.reset();
  await sandbox.control.resend.set({
    apiKeys: ['re_test'],
    verifiedDomains: ['leadwire.kz'],
    ratePerSecond: 100,
  });
});

function sendBatch(mails: readonly BatchMail[], key = 'campaign-1-1', apiKey = 're_test') {
  const resend = createResend({
    apiKey,
    baseUrl: sandbox.resendUrl,
    timeoutMs: 2_000,
    limiter: {
      ...noLimit,
      pauseFor: (ms) => Promise.resolve(void pauses.push(ms)),
    },
    track: (_action, _context, call) => call(),
  });
  return resend.sendBatch(
    { body: Buffer.from(JSON.stringify(mails)), count: mails.length },
    key,
    {},
  );
}

const fault = (action: Parameters<Sandbox['control']['addFault']>[0]['action']) =>
  sandbox.control.addFault({ provider: 'resend', path: '/emails/batch', action });

describe('a batch', () => {
  test('gives each mail its id, in order', async () => {
    const answer = await sendBatch(people);
    const mails = await sandbox.control.mails();
    expect(answer).toEqual(mails.map(({ id }) => ({ id })));
    expect(mails.map(({ to }) => to[0])).toEqual(people.map(({ to }) => to));
    expect(mails[0]!.headers).toEqual(people[0]!.headers);
  });

  test('takes the others when one is refused, and says which', async () => {
    const answer = await sendBatch([people[0]!, mail('not an address'), people[2]!]);
    const [first, last] = await sandbox.control.mails();
    const refused: unknown = expect.stringContaining('Invalid `to` field');
    expect(answer).toEqual([{ id: first!.id }, { refused }, { id: last!.id }]);
  });

  test('sent again under the same key is sent once', async () => {
    const first = await sendBatch(people);
    expect(await sendBatch(people)).toEqual(first);
    expect(await sandbox.control.mails()).toHaveLength(3);
  });

  test('with other bytes under the same key is refused for good', async () => {
    await sendBatch(people);
    await expect(sendBatch(people.toReversed())).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'invalid_idempotent_request',
    });
  });
});

describe('what a failed call means', () => {
  test.each([
    ['no answer', { do: 'effect-then-drop' }, 'AmbiguousError'],
    ['half an answer', { do: 'effect-then-garbage', as: 'cut-json' }, 'AmbiguousError'],
    ['a page instead of an answer', { do: 'effect-then-garbage' }, 'AmbiguousError'],
    ['a server error', { do: 'effect-then-5xx' }, 'AmbiguousError'],
    ['a page with 404', { do: 'fixed', status: 404, body: '<html>' }, 'AmbiguousError'],
    ['a page with 429', { do: 'fixed', status: 429, body: '<html>' }, 'TransientError'],
    ['an answer that does not fit', { do: 'fixed', status: 200, body: '{}' }, 'PermanentError'],
  ] as const)('%s', async (_what, action, name) => {
    await fault(action);
    await expect(sendBatch(people)).rejects.toMatchObject({ name });
  });

  test('a limit makes everybody wait who shares the account', async () => {
    await sandbox.control.resend.set({ ratePerSecond: 1, rateWindow: 'sliding' });
    await sendBatch(people, 'one');
    await expect(sendBatch(people, 'two')).rejects.toMatchObject({ name: 'TransientError' });
    expect(pauses).toEqual([1_000]);
  });

  test('a revoked key stops the channel', async () => {
    await expect(sendBatch(people, 'key', 're_other')).rejects.toMatchObject({
      name: 'ChannelStoppedError',
    });
  });
});
