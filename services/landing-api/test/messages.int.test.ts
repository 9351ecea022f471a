import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import { subjects } from '@leadwire/shared/contract/topology';
import { answerOf, startApi, type TestApi } from './start-api.ts';

const PLATFORM_TOKEN = 'a-platform-token-for-tests';
const auth = { authorization: `Bearer ${PLATFORM_TOKEN}` };
const URL_WITH_TOKEN = 'https://learn.leadwire-sample.kz/set?token=one-time-0001&next=/a';

let broker: TestBroker;
let api: TestApi;
let linkMaking: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { PLATFORM_TOKEN } });
  linkMaking = await startApi(broker, { env: { PLATFORM_TOKEN, WELCOME_LINK: 'supabase' } });
});
afterAll(async () => {
  await Promise.all([api?.stop(), linkMaking?.stop()]);
  await broker?.close();
});

const welcome = (more: object = {}) => ({
  type: 'welcome',
  to: { name: 'Дамир', email: 'damir@mail.leadwire-sample.kz' },
  data: { setPasswordUrl: URL_WITH_TOKEN },
  ...more,
});

const ask = (body: unknown, key: string = newId(), server = api) =>
  server.post('/api/platform/messages', body, { ...auth, 'idempotency-key': key });

async function stored(messageId: unknown) {
  const under = subjects.messageRequested('*', String(messageId));
  const found = await api.bus.lastUnder('MESSAGES', under);
  return found && { ...found, data: eventSchemas['message.requested.v1'].parse(found.event).data };
}

const linkOf = (messageId: unknown) => createSecretLinks(api.bus).find(String(messageId));

describe('POST /api/platform/messages', () => {
  test('stores the message without its link, and the link apart', async () => {
    const { status, body } = await ask(welcome());
    expect(status).toBe(201);
    const message = await stored(body['messageId']);
    expect(message?.subject).toBe(`messages.requested.welcome.${String(body['messageId'])}`);
    expect(message?.data).toMatchObject({ type: 'welcome', data: {}, link: 'given' });
    expect(JSON.stringify(message?.event)).not.toContain('one-time-0001');
    expect(await linkOf(body['messageId'])).toBe(URL_WITH_TOKEN);
  });

  test('asked for again is one message, and its key is not another one’s', async () => {
    const key = newId();
    const first = await ask(welcome(), key);
    const again = await ask(welcome({ data: { setPasswordUrl: `${URL_WITH_TOKEN}2` } }), key);
    expect(again).toMatchObject({
      status: 200,
      body: { messageId: first.body['messageId'], duplicate: true },
    });
    expect(await linkOf(first.body['messageId'])).toBe(URL_WITH_TOKEN);
    const other = await ask(welcome({ to: { email: 'dana@mail.leadwire-sample.kz' } }), key);
    expect(other.status).toBe(422);
    // Ten at once: one of them is first.
    const race = newId();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(welcome(), race)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
  });

  test('takes each type as it is described, and contacts as people write them', async () => {
    const at = '2026-11-27T19:00:00+05:00';
    const to = { name: ' Дана ', email: 'Dana@Mail.Leadwire-Sample.kz', phone: '8 700 000 12 34' };
    const bodies = [
      {
        type: 'password_changed',
        to: { phone: '8 700 000 12 34', email: '' },
        data: { changedAt: at },
      },
      {
        type: 'email_changed',
        data: {
          oldEmail: 'old@leadwire-sample.kz',
          newEmail: 'new@leadwire-sample.kz',
          changedAt: at,
        },
      },
      {
        type: 'certificate_issued',
        to,
        data: {
          course: 'Аналитика данных',
          number: 'LW-1',
          issuedAt: at,
          certificateUrl: 'https://learn.leadwire-sample.kz/c/1',
        },
        sendAt: new Date(Date.now() + 60_000).toISOString(),
      },
    ];
    for (const body of bodies) {
      const { status, body: answer } = await ask(body);
      expect([body.type, status]).toEqual([body.type, 201]);
      const message = await stored(answer['messageId']);
      expect(JSON.stringify(message?.event)).not.toContain('/c/1');
      if (body.type !== 'certificate_issued') continue;
      expect(message?.data).toMatchObject({
        to: { name: 'Дана', email: 'Dana@mail.leadwire-sample.kz', phone: '+77000001234' },
        data: { course: 'Аналитика данных', number: 'LW-1', issuedAt: '2026-11-27T14:00:00.000Z' },
        sendAt: body.sendAt,
      });
    }
  });

  test.each([
    ['a type that is none', { type: 'birthday' }, 'type'],
    ['no type', { type: undefined }, 'type'],
    ['no address', { to: { name: 'Дамир' } }, 'to.email'],
    ['an address that is none', { to: { email: 'damir' } }, 'to.email'],
    ['a phone that is none', { to: { email: 'd@leadwire-sample.kz', phone: '12' } }, 'to.phone'],
    ['no link', { data: {} }, 'data.setPasswordUrl'],
    [
      'a link that is none',
      { data: { setPasswordUrl: 'javascript:alert(1)' } },
      'data.setPasswordUrl',
    ],
    ['a misspelt field', { sendat: '2026-11-27T14:00:00Z' }, ''],
    ['a moment without its offset', { sendAt: '2026-11-27T14:00:00' }, 'sendAt'],
    ['a moment next year', { sendAt: new Date(Date.now() + 4e10).toISOString() }, 'sendAt'],
  ])('%s is refused with where', async (_what, change, path) => {
    const { status, body } = await ask(welcome(change));
    expect(status).toBe(400);
    expect(body['issues']).toEqual(
      expect.arrayContaining([expect.objectContaining({ path, message: expect.any(String) })]),
    );
  });

  test('without a key, with an unusable one, or without the token it is refused', async () => {
    const bare = await api.post('/api/platform/messages', welcome(), auth);
    expect(bare).toMatchObject({ status: 400, body: { issues: [{ path: 'idempotency-key' }] } });
    expect((await ask(welcome(), ' ')).status).toBe(400);
    expect((await ask(welcome(), 'k'.repeat(201))).status).toBe(400);
    const stranger = { ...auth, authorization: 'Bearer no', 'idempotency-key': 'k' };
    expect((await api.post('/api/platform/messages', welcome(), stranger)).status).toBe(401);
  });

  test.each([
    ['data.password', welcome({ data: { password: 'hunter-2-secret' } })],
    [
      'data.tempPassword',
      welcome({ data: { setPasswordUrl: URL_WITH_TOKEN, tempPassword: 'hunter-2-secret' } }),
    ],
    ['to.пароль', welcome({ to: { пароль: 'hunter-2-secret' } })],
    [
      'data.setPasswordUrl',
      welcome({ data: { setPasswordUrl: 'https://x.kz/?password=hunter-2-secret' } }),
    ],
  ])(
    'a password is refused with what to send instead, and is quoted nowhere (%s)',
    async (path, body) => {
      const answer = await ask(body);
      expect(answer).toMatchObject({ status: 400, body: { issues: [{ path }] } });
      expect(answer.body['error']).toMatch(/never taken.*setPasswordUrl/);
      expect(JSON.stringify(answer.body)).not.toContain('hunter-2');
      const student = { id: 'st-pw', name: 'Дамир', password: 'hunter-2-secret' };
      expect((await api.post('/api/platform/students', student, auth)).status).toBe(400);
      expect(await api.bus.lastUnder('STUDENTS', subjects.studentCreated('st-pw'))).toBeUndefined();
    },
  );
});

describe('the welcome of a new student', () => {
  const tell = (student: object, server = api) =>
    server.post('/api/platform/students', student, auth);
  const student = (id: string, more: object = {}) => ({
    id,
    name: 'Дамир',
    email: 'damir@mail.leadwire-sample.kz',
    ...more,
  });

  test('is asked for once, with the link that came with the student', async () => {
    const setPasswordUrl = URL_WITH_TOKEN;
    const first = await tell(student('st-1', { setPasswordUrl }));
    expect(first.status).toBe(201);
    const again = await tell(student('st-1', { setPasswordUrl, name: 'Дамир А.' }));
    expect(again).toMatchObject({ status: 200, body: { duplicate: true } });
    expect(again.body['welcomeMessageId']).toBe(first.body['welcomeMessageId']);
    const message = await stored(first.body['welcomeMessageId']);
    expect(message?.data).toMatchObject({ link: 'given', to: { name: 'Дамир', phone: null } });
    const event = await api.bus.lastUnder('STUDENTS', subjects.studentCreated('st-1'));
    expect(JSON.stringify(event?.event)).not.toContain('one-time-0001');
  });

  test('is not asked for without a link or without an address', async () => {
    for (const one of [
      student('st-2'),
      { ...student('st-3'), setPasswordUrl: URL_WITH_TOKEN, email: 'x' },
    ]) {
      const { status, body } = await tell(one);
      expect(status).toBe(201);
      expect(body).not.toHaveProperty('welcomeMessageId');
    }
  });

  test('gets its link from Supabase Auth where that is configured, but not for students of before', async () => {
    await tell(student('st-4'));
    const old = await tell(student('st-4'), linkMaking);
    expect(old.body).not.toHaveProperty('welcomeMessageId');
    const fresh = await tell(student('st-5'), linkMaking);
    const message = await stored(fresh.body['welcomeMessageId']);
    expect(message?.data.link).toBe('supabase');
    expect(await linkOf(fresh.body['welcomeMessageId'])).toBeUndefined();
    expect((await ask(welcome({ data: undefined }), newId(), linkMaking)).status).toBe(201);
  });
});

describe('GET /api/platform/messages/:messageId', () => {
  const read = (id: unknown) =>
    answerOf(fetch(`${api.url}/api/platform/messages/${String(id)}`, { headers: auth }));

  test('knows the message at once, before anything is planned', async () => {
    const { body } = await ask(welcome());
    expect(await read(body['messageId'])).toMatchObject({
      status: 200,
      body: { messageId: body['messageId'], type: 'welcome', status: 'pending', deliveries: [] },
    });
  });

  test('answers 404 for another id and 400 for none', async () => {
    expect((await read(newId())).status).toBe(404);
    expect((await read('x')).status).toBe(400);
  });
});
