import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import { createTelegram } from '@leadwire/shared/providers/telegram/bot-api';
import { freePort } from '@leadwire/testing/nats';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control.reset());

const bot = (overrides: { token?: string; baseUrl?: string; timeoutMs?: number } = {}) =>
  createTelegram({
    bot: 'leads',
    token: sandboxTokens.leads,
    baseUrl: sandbox.telegramUrl,
    track: (_action, _context, call) => call(),
    ...overrides,
  });

/** What came of a call, in one line. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'sent';
  } catch (thrown) {
    const { name, kind, code, newChatId } = thrown as Record<string, string>;
    return [name, kind ?? code, newChatId].filter(Boolean).join(' ');
  }
}

const send = (chat_id: string, text = 'Привет', more: object = {}, client = bot()) =>
  outcomeOf(client.call('sendMessage', { chat_id, text, parse_mode: 'HTML', ...more }));

async function groupWithBot(type: 'group' | 'supergroup' = 'group'): Promise<string> {
  const { id } = await sandbox.control.telegram.addGroup({
    title: 'Группа',
    type,
    bots: ['leads'],
  });
  return id;
}

describe('a message that is bad', () => {
  const cases: [string, string, object][] = [
    ['too long', 'ж'.repeat(4_097), {}],
    ['empty', '', {}],
    ['with an unsupported tag', '<p>Привет</p>', {}],
    ['with an unclosed tag', '<b>Привет', {}],
    ['with crossed tags', '<b><i>Привет</b></i>', {}],
    ['in a mode that is none', 'Привет', { parse_mode: 'Markdown5' }],
  ];
  test.each(cases)('%s is refused for good', async (_what, text, more) => {
    expect(await send(await groupWithBot(), text, more)).toBe('PermanentError telegram_400');
  });

  test('for no chat is refused for good', async () => {
    expect(await send('')).toBe('PermanentError telegram_400');
  });
});

describe('a chat', () => {
  test('that became a supergroup has moved, and the error says where to', async () => {
    const chat = await groupWithBot();
    const { id } = await sandbox.control.telegram.migrate(chat);
    expect(await send(chat)).toBe(`ChatError moved ${id}`);
    expect(await send(id)).toBe('sent');
  });

  test.each(['group', 'supergroup'] as const)(
    'that threw the bot out is gone: %s',
    async (type) => {
      const chat = await groupWithBot(type);
      await sandbox.control.telegram.kick(chat, 'leads');
      expect(await send(chat)).toBe('ChatError gone');
    },
  );

  test('that the bot has left, that was deleted, that nobody knows is gone', async () => {
    const [left, deleted, forgotten] = await Promise.all([1, 2, 3].map(() => groupWithBot()));
    await sandbox.control.telegram.leave(left!, 'leads');
    await sandbox.control.telegram.deleteGroup(deleted!);
    await sandbox.control.telegram.forget(forgotten!);
    for (const chat of [left!, deleted!, forgotten!, '-100999']) {
      expect(await send(chat)).toBe('ChatError gone');
    }
  });

  test('of a person who blocked the bot, or never began, is gone', async () => {
    const { people, sayPrivately, block } = sandbox.control.telegram;
    const [dana, erlan] = await people();
    const { chatId } = await sayPrivately('leads', dana!.id, '/start');
    expect(await send(chatId)).toBe('sent');
    await block('leads', dana!.id);
    expect(await send(chatId)).toBe('ChatError gone');
    expect(await send(String(erlan!.id))).toBe('ChatError gone');
  });

  test.each([
    ['not enough rights to send text messages to the chat', 'no_rights'],
    ['CHAT_WRITE_FORBIDDEN', 'no_rights'],
    ['CHAT_RESTRICTED', 'no_rights'],
    ['CHAT_ADMIN_REQUIRED', 'no_rights'],
    ['have no write access to the chat', 'no_access'],
  ] as const)('in which the bot may not write (%s) is %s', async (restrictedAnswer, kind) => {
    await sandbox.control.telegram.set({ restrictedAnswer });
    const chat = await groupWithBot('supergroup');
    await sandbox.control.telegram.restrict(chat, 'leads');
    expect(await send(chat)).toBe(`ChatError ${kind}`);
    await sandbox.control.telegram.allow(chat, 'leads');
    expect(await send(chat)).toBe('sent');
  });

  test('whose topic is closed or gone lives', async () => {
    const chat = await groupWithBot('supergroup');
    await sandbox.control.telegram.setTopics(chat, { 7: 'closed' });
    expect(await send(chat, 'Привет', { message_thread_id: 7 })).toBe('ChatError topic');
    expect(await send(chat, 'Привет', { message_thread_id: 8 })).toBe('ChatError topic');
    expect(await send(chat)).toBe('sent');
  });

  test('that wants us to wait says for how long, and the others do not', async () => {
    const [limited, other] = [await groupWithBot(), await groupWithBot()];
    await sandbox.control.telegram.limitChat(limited, 17, 'leads');
    const refused = bot().call('sendMessage', { chat_id: limited, text: 'Привет' });
    await expect(refused).rejects.toMatchObject({ name: 'SnoozeError', retryAfterMs: 17_000 });
    expect(await send(other)).toBe('sent');
  });
});

describe('words of Telegram that the sandbox does not say', () => {
  const cases: [number, string, string][] = [
    [400, 'Bad Request: text is too long', 'PermanentError telegram_400'],
    [400, 'Bad Request: reply markup is too long', 'PermanentError telegram_400'],
    [400, 'Bad Request: BUTTON_URL_INVALID', 'PermanentError telegram_400'],
    [400, 'Bad Request: something new', 'PermanentError telegram_400'],
    [400, 'Bad Request: PEER_ID_INVALID', 'ChatError gone'],
    [400, 'Bad Request: private chat not found', 'ChatError gone'],
    [400, 'Bad Request: need administrator rights in the channel chat', 'ChatError no_rights'],
    [403, 'Forbidden: bot is not a member of the supergroup chat', 'ChatError gone'],
    [403, 'Forbidden: user is deactivated', 'ChatError gone'],
    [403, "Forbidden: bot can't initiate conversation with a user", 'ChatError gone'],
    [403, 'Forbidden: something new', 'ChatError gone'],
    [409, 'Conflict: terminated by other getUpdates request', 'PermanentError telegram_409'],
  ];
  test.each(cases)('%i %s is %s', async (status, description, expected) => {
    await sandbox.control.addFault({
      provider: 'telegram',
      action: {
        do: 'fixed',
        status,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ok: false, error_code: status, description }),
      },
    });
    expect(await send('-100123')).toBe(expected);
  });
});

describe('the bot', () => {
  test('whose token was revoked stops, with one reason for all of its consumers', async () => {
    const chat = await groupWithBot();
    await sandbox.control.telegram.revoke('leads');
    const refused = bot().call('sendMessage', { chat_id: chat, text: 'Привет' });
    await expect(refused).rejects.toMatchObject({
      name: 'ChannelStoppedError',
      what: 'telegram-leads_stopped',
    });
  });

  test.each([401, 404] as const)('whose token cannot be one stops (%i)', async (malformedToken) => {
    await sandbox.control.telegram.set({ malformedToken });
    expect(await send('-100123', 'Привет', {}, bot({ token: '12345:short' }))).toBe(
      'ChannelStoppedError',
    );
  });

  test('tells nobody its token, whatever goes wrong', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/telegram`;
    const errors = [
      bot({ baseUrl }),
      bot({ token: '7000000009:AAnobody_has_this_token_00000000000' }),
    ].map((client) => client.call('getMe').catch((thrown: unknown) => thrown));
    for (const error of await Promise.all(errors)) {
      const { message, stack, cause } = error as Error;
      expect(JSON.stringify({ message, stack, cause })).not.toMatch(/bot\d+:|AA(leads|nobody)/);
    }
  });
});

describe('an answer that does not come', () => {
  test('because nobody listens: nothing was sent', async () => {
    const client = bot({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    expect(await send('-100123', 'Привет', {}, client)).toBe('TransientError');
  });

  test.each([
    ['telegram-show-then-drop', 'AmbiguousError'],
    ['telegram-502', 'TelegramDownError'],
    ['telegram-500', 'TelegramDownError'],
  ])('or is no answer (%s) may mean that it was sent', async (preset, error) => {
    const chat = await groupWithBot();
    await sandbox.control.addPreset(preset);
    expect(await send(chat)).toBe(error);
  });

  test('in time may mean that it was sent', async () => {
    const chat = await groupWithBot();
    await sandbox.control.addPreset('telegram-hang');
    expect(await send(chat, 'Привет', {}, bot({ timeoutMs: 200 }))).toBe('AmbiguousError');
  });
});
