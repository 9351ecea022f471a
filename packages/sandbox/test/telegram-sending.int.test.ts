import { describe, expect, test } from 'vitest';
import { sandboxTokens } from '../src/telegram/lifecycle/settings.ts';
import { failureOf, openSandbox } from './sandbox-calls.ts';
import {
  openGroup,
  readAnswer,
  readUpdates,
  telegram,
  type WireMessage,
} from './telegram-calls.ts';

const SEND = { provider: 'telegram', path: '/bot*/sendMessage' };

describe('a call', () => {
  test('is understood as query, form, JSON and multipart, in any case of the method', async () => {
    const sandbox = await openSandbox();
    const chat = String(await openGroup(sandbox));
    const at = (method: string) => `${sandbox.telegramUrl}/bot${sandboxTokens.leads}/${method}`;
    const params = { chat_id: chat, text: 'Готово' };
    const multipart = new FormData();
    for (const [name, value] of Object.entries(params)) multipart.set(name, value);
    const query = new URLSearchParams(params);
    const calls: [string, RequestInit][] = [
      [`${at('sendMessage')}?${query.toString()}`, {}],
      [at('SENDMESSAGE'), { method: 'POST', body: query }],
      [at('sendmessage'), { method: 'POST', body: multipart }],
    ];
    for (const [url, init] of calls) {
      expect(await readAnswer(await fetch(url, init))).toMatchObject({ status: 200, ok: true });
      await sandbox.control.advance(1_000);
    }
    expect((await telegram(sandbox, 'sendMessage', params)).ok).toBe(true);
    const shown = await sandbox.control.telegram.shown(chat);
    expect(shown.map(({ text }) => text)).toEqual(Array<string>(4).fill('Готово'));
  });

  test('answers with the message as the chat has it', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type: 'supergroup' });
    const { result } = await telegram<WireMessage>(sandbox, 'sendMessage', {
      chat_id: chat,
      parse_mode: 'HTML',
      text: '<b>Заявка</b> от <a href="https://leadwire.kz">Айгерим</a>',
    });
    expect(result).toMatchObject({
      chat: { id: chat, type: 'supergroup', title: 'Продажи' },
      from: { id: 7_000_000_001, is_bot: true },
      text: 'Заявка от Айгерим',
      entities: [
        { type: 'bold', offset: 0, length: 6 },
        { type: 'text_link', offset: 10, length: 7, url: 'https://leadwire.kz' },
      ],
    });
  });

  test.each([
    ['/botabc/getMe', 401, 'Unauthorized: invalid token specified'],
    [`/bot${sandboxTokens.leads.replace('AA', 'BB')}/getMe`, 401, 'Unauthorized'],
    [`/bot${sandboxTokens.leads}/sendCarrierPigeon`, 404, 'Not Found: method not found'],
    ['/sendMessage', 404, 'Not Found'],
  ])('to %s is %i %s', async (path, status, description) => {
    const sandbox = await openSandbox();
    const answer = await readAnswer(await fetch(`${sandbox.telegramUrl}${path}`));
    expect(answer).toMatchObject({ status, ok: false, error_code: status, description });
  });

  test('is logged without its token', async () => {
    const sandbox = await openSandbox();
    await telegram(sandbox, 'getMe');
    const [request] = await sandbox.control.requests('telegram');
    expect(request?.path).toBe('/bot7000000001:…/getMe');
  });
});

describe('a chat refuses', () => {
  const kicked = 'Forbidden: bot was kicked from the';
  test.each([
    ['group', 'kick', 403, `${kicked} group chat`],
    ['supergroup', 'kick', 403, `${kicked} supergroup chat`],
    ['group', 'leave', 403, 'Forbidden: bot is not a member of the group chat'],
    ['supergroup', 'leave', 403, 'Forbidden: bot is not a member of the supergroup chat'],
    ['group', 'deleteGroup', 403, 'Forbidden: the group chat was deleted'],
    ['supergroup', 'deleteGroup', 403, `${kicked} supergroup chat`],
    ['supergroup', 'forget', 400, 'Bad Request: chat not found'],
    ['group', 'restrict', 400, 'Bad Request: not enough rights to send text messages to the chat'],
  ] as const)('a %s after %s: %i', async (type, action, status, description) => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type });
    await sandbox.control.telegram[action](chat, 'leads');
    const answer = await telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a' });
    expect(answer).toMatchObject({ status, error_code: status, description });
    expect(await sandbox.control.telegram.shown()).toEqual([]);
  });

  test.each([
    ['', 'Bad Request: chat_id is empty'],
    ['@leadwire', 'Bad Request: chat not found'],
    ['-4199999999', 'Bad Request: chat not found'],
    ['-4100000001', 'Bad Request: chat not found'],
    ['продажи', 'Bad Request: chat not found'],
  ])('the id %j, where the bot never was', async (chat_id, description) => {
    const sandbox = await openSandbox();
    const answer = await telegram(sandbox, 'sendMessage', { chat_id, text: 'a' });
    expect(answer).toMatchObject({ status: 400, description });
  });

  test('a bot without rights in other words too, and takes it back when they return', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.set({ restrictedAnswer: 'CHAT_WRITE_FORBIDDEN' });
    await sandbox.control.telegram.restrict(chat, 'leads');
    const send = () => telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a' });
    expect((await send()).description).toBe('Bad Request: CHAT_WRITE_FORBIDDEN');
    await sandbox.control.telegram.allow(chat, 'leads');
    expect((await send()).ok).toBe(true);
  });

  test('its old id after it became a supergroup, naming the new one, which works', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const moved = await sandbox.control.telegram.migrate(chat);
    const answer = await telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a' });
    expect(answer).toMatchObject({
      status: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: Number(moved.id) },
    });
    const again = await telegram(sandbox, 'sendMessage', { chat_id: moved.id, text: 'a' });
    expect(again.result.chat).toMatchObject({ id: Number(moved.id), type: 'supergroup' });
    expect(String(moved.id)).toMatch(/^-100\d{10}$/);
  });

  test('topics that are missing or closed', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type: 'supergroup' });
    await sandbox.control.telegram.setTopics(chat, { 5: 'open', 6: 'closed' });
    const send = (message_thread_id: number) =>
      telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a', message_thread_id });
    expect((await send(4)).description).toBe('Bad Request: message thread not found');
    expect((await send(6)).description).toBe('Bad Request: TOPIC_CLOSED');
    expect((await send(5)).ok).toBe(true);
    expect(await sandbox.control.telegram.shown(chat)).toMatchObject([{ threadId: 5 }]);
  });
});

describe('a private chat', () => {
  const [AIGERIM, ERLAN] = [5_100_003, 5_100_002];

  test('is closed to a bot until the person has written to it', async () => {
    const sandbox = await openSandbox();
    const send = () =>
      telegram(sandbox, 'sendMessage', { chat_id: AIGERIM, text: 'a' }, { bot: 'mentor' });
    expect((await send()).description).toBe('Bad Request: chat not found');
    await sandbox.control.telegram.addBot(-4_100_000_001, 'mentor');
    expect(await send()).toMatchObject({
      status: 403,
      description: "Forbidden: bot can't initiate conversation with a user",
    });
    await sandbox.control.telegram.sayPrivately('mentor', AIGERIM, '/start abc');
    expect((await send()).ok).toBe(true);
    const [, , started] = await readUpdates(sandbox, 'mentor');
    expect(started?.message).toMatchObject({
      chat: { id: AIGERIM, type: 'private', first_name: 'Айгерим' },
      text: '/start abc',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    });
  });

  test('is closed while the bot is blocked, and for good when the account is gone', async () => {
    const sandbox = await openSandbox();
    const { telegram: people } = sandbox.control;
    await people.sayPrivately('mentor', AIGERIM, '/start');
    const send = () =>
      telegram(sandbox, 'sendMessage', { chat_id: AIGERIM, text: 'a' }, { bot: 'mentor' });
    await people.block('mentor', AIGERIM);
    expect((await send()).description).toBe('Forbidden: bot was blocked by the user');
    await people.sayPrivately('mentor', AIGERIM, 'привет');
    expect((await send()).ok).toBe(true);
    await people.deactivate(AIGERIM);
    expect((await send()).description).toBe('Forbidden: user is deactivated');
    const changes = (await readUpdates(sandbox, 'mentor')).flatMap(
      ({ my_chat_member: change }) => change?.new_chat_member.status ?? [],
    );
    expect(changes).toEqual(['kicked', 'member']);
  });

  test('has the person for its id, and one bot does not see another one there', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.telegram.sayPrivately('mentor', ERLAN, '/start');
    expect(await readUpdates(sandbox, 'leads')).toEqual([]);
    const answer = await telegram(sandbox, 'sendMessage', { chat_id: ERLAN, text: 'a' });
    expect(answer.status).toBe(400);
  });
});

describe('faults', () => {
  test('a lost answer: the message is shown, and a repeat shows it again', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.addFault({ ...SEND, count: 1, action: { do: 'effect-then-drop' } });
    const send = () => telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'Заявка' });
    expect(await failureOf(send())).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect((await send()).ok).toBe(true);
    const shown = await sandbox.control.telegram.shown(chat);
    expect(shown.map(({ text }) => text)).toEqual(['Заявка', 'Заявка']);
    expect(new Set(shown.map(({ messageId }) => messageId)).size).toBe(2);
  });

  test.each([
    [502, 'text/html'],
    [504, 'text/html'],
    [500, 'application/json'],
  ])('%i comes as %s', async (status, type) => {
    const sandbox = await openSandbox();
    await sandbox.control.addFault({ provider: 'telegram', action: { do: 'refuse', status } });
    const response = await fetch(`${sandbox.telegramUrl}/bot${sandboxTokens.leads}/getMe`);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(type);
  });

  test('a revoked token is 401 for everything until it is restored', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.telegram.revoke('leads');
    expect(await telegram(sandbox, 'getMe')).toMatchObject({
      status: 401,
      description: 'Unauthorized',
    });
    expect((await telegram(sandbox, 'getMe', {}, { bot: 'admin' })).ok).toBe(true);
    await sandbox.control.telegram.restore('leads');
    expect((await telegram<{ username: string }>(sandbox, 'getMe')).result.username).toBe(
      'LeadwireLeadsBot',
    );
  });

  test.each([
    ['kick', 'Forbidden: bot was kicked from the group chat'],
    ['migrate', 'Bad Request: group chat was upgraded to a supergroup chat'],
    ['restrict', 'Bad Request: not enough rights to send text messages to the chat'],
    ['delete', 'Forbidden: the group chat was deleted'],
    ['limit', 'Too Many Requests: retry after 30'],
  ] as const)('%s between two messages', async (action, description) => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.plan(chat, { bot: 'leads', after: 2, action });
    const send = () => telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a' });
    const answers = [await send(), await send(), await send()];
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(answers[2]?.description).toBe(description);
    expect(await sandbox.control.telegram.shown()).toHaveLength(2);
  });
});
