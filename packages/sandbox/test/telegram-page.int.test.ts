import { describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSandboxEnv, sandboxOptionsFrom } from '../src/env.ts';
import { startSandbox, type Sandbox } from '../src/sandbox.ts';
import { openReceiver, openSandbox } from './sandbox-calls.ts';
import { openGroup, readUpdates, telegram, type Update } from './telegram-calls.ts';

const HOSTILE = `"><script>alert('1')</script>`;
const page = async (sandbox: Sandbox, path: string) =>
  (await fetch(`${sandbox.url}${path}`)).text();
const chatPage = (sandbox: Sandbox, key: string | number) =>
  page(sandbox, `/inbox/telegram/${encodeURIComponent(key)}`);

describe('the chats', () => {
  test('are listed, with what to do first in words, and lead from every other tab', async () => {
    const sandbox = await openSandbox();
    const markup = await page(sandbox, '/inbox/telegram');
    const groups = ['Отдел продаж', 'Профтест', 'Курс', 'Админы'];
    for (const words of [...groups, 'пока нет бота', '/activate', 'Пока никто не писал']) {
      expect(markup).toContain(words);
    }
    for (const path of ['/', '/inbox/mobizon', '/inbox/amocrm', '/inbox/faults']) {
      expect(await page(sandbox, path)).toContain('href="/inbox/telegram"');
    }
  });

  test('show messages with their markup, their sender, and lines for what happened', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.say(chat, '/activate A1');
    await telegram(sandbox, 'sendMessage', {
      chat_id: chat,
      parse_mode: 'HTML',
      text: '<b>Заявка</b>\n+77051234567 <a href="https://leadwire.kz/">Сделка</a>',
    });
    const markup = await chatPage(sandbox, chat);
    for (const words of [
      'бот «Leadwire: заявки» добавлен в группу',
      'data-type="/activate"',
      '<b>Заявка</b>\n<a href="tel:+77051234567">',
      '<a href="https://leadwire.kz/" target="_blank"',
    ]) {
      expect(markup).toContain(words);
    }
    expect(await page(sandbox, '/inbox/telegram')).toContain('заявки: Заявка +77051234567 Сделка');
  });

  test('escape everything that people typed', async () => {
    const sandbox = await openSandbox();
    const { telegram: people } = sandbox.control;
    const { id: person } = await people.addPerson({ firstName: HOSTILE });
    const { key } = await people.addGroup({ title: HOSTILE, bots: ['leads'] });
    await people.say(key, HOSTILE, { person });
    await people.sayPrivately('mentor', person, HOSTILE);
    await telegram(sandbox, 'sendMessage', { chat_id: key, text: HOSTILE });
    const description = HOSTILE;
    await telegram(sandbox, 'setMyCommands', { commands: [{ command: 'a', description }] });
    for (const path of ['', `/${key}`, `/7000000003%3A${person}`]) {
      const markup = await page(sandbox, `/inbox/telegram${path}`);
      expect(markup).not.toContain('<script>alert');
      expect(markup).toContain('&lt;script&gt;alert');
    }
  });

  test('offer what fits the bot: adding, restricting, removing', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const actions = async () =>
      [...(await chatPage(sandbox, chat)).matchAll(/chats\/[^/]+\/bots\/(\w+)\/(\w+)"/g)].map(
        ([, bot, action]) => `${bot} ${action}`,
      );
    const others = ['admin add', 'mentor add'];
    expect(await actions()).toEqual(['leads restrict', 'leads promote', 'leads kick', ...others]);
    await sandbox.control.telegram.restrict(chat, 'leads');
    expect(await actions()).toEqual(['leads allow', 'leads kick', ...others]);
    await sandbox.control.telegram.kick(chat, 'leads');
    expect(await actions()).toEqual(['leads add', ...others]);
  });

  test('suggest commands, by name where several bots are in the group', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const commands = [{ command: 'status', description: 'Что приходит сюда' }];
    await telegram(sandbox, 'setMyCommands', { commands });
    expect(await chatPage(sandbox, chat)).toContain('data-type="/status"');
    await sandbox.control.telegram.addBot(chat, 'admin');
    expect(await chatPage(sandbox, chat)).toContain('data-type="/status@LeadwireLeadsBot"');
  });

  test('of a supergroup have what was said before, and the old number leads to the new one', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.say(chat, 'до переезда');
    const { key } = await sandbox.control.telegram.migrate(chat);
    const markup = await chatPage(sandbox, key);
    for (const words of ['до переезда', 'Группа стала супергруппой', 'супергруппа ·']) {
      expect(markup).toContain(words);
    }
    expect(await chatPage(sandbox, chat)).toContain(`href="/inbox/telegram/${key}" data-moved`);
    expect(await page(sandbox, '/inbox/telegram')).not.toContain(`/inbox/telegram/${chat}"`);
  });

  test('with a bot can be opened before anything was said; others are 404', async () => {
    const sandbox = await openSandbox();
    expect(await chatPage(sandbox, '7000000003:5100003')).toContain('Здесь пока пусто');
    for (const key of ['7000000003:1', '-1', 'constructor']) {
      const response = await fetch(`${sandbox.url}/inbox/telegram/${encodeURIComponent(key)}`);
      expect(response.status).toBe(404);
    }
  });
});

test('what cannot be done in Telegram is refused with its reason', async () => {
  const sandbox = await openSandbox();
  const chat = await openGroup(sandbox, { type: 'supergroup' });
  const { telegram: people } = sandbox.control;
  await expect(people.addBot(chat, 'leads')).rejects.toThrow(/in the group already/);
  await expect(people.kick(chat, 'admin')).rejects.toThrow(/not in the group/);
  await expect(people.migrate(chat)).rejects.toThrow(/supergroup already/);
  await expect(people.say(chat, '  ')).rejects.toThrow(/empty message/);
  await expect(people.say(-1, 'a')).rejects.toThrow(/no such chat/);
  await people.deleteGroup(chat);
  await expect(people.say(chat, 'a')).rejects.toThrow(/was deleted/);
});

test('a restart keeps chats, messages, updates and webhooks, and gives no number twice', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  try {
    const { url, received } = await openReceiver([500]);
    const first = await startSandbox({ dataDir });
    await first.control.freeze();
    await telegram(first, 'setWebhook', { url }, { bot: 'mentor' });
    await first.control.telegram.sayPrivately('mentor', 5_100_003, '/start');
    await first.control.advance(0);
    const chat = await openGroup(first);
    await first.control.telegram.say(chat, '/status');
    await telegram(first, 'sendMessage', { chat_id: chat, text: 'Заявка' });
    await first.control.telegram.revoke('admin');
    await first.close();

    const second = await startSandbox({ dataDir });
    while (received.length < 2) await second.control.advance(100);
    expect(received.map(({ body }) => (JSON.parse(body) as Update).message?.text)).toEqual([
      '/start',
      '/start',
    ]);
    expect((await readUpdates(second)).map(({ message }) => message?.text)).toEqual(['/status']);
    const { result } = await telegram(second, 'sendMessage', { chat_id: chat, text: 'Ещё' });
    expect(result.message_id).toBe(4);
    const texts = (await second.control.telegram.messages(chat)).map(({ text }) => text);
    expect(texts).toEqual(['', '/status', 'Заявка', 'Ещё']);
    expect((await telegram(second, 'getMe', {}, { bot: 'admin' })).status).toBe(401);
    expect(await openGroup(second)).not.toBe(chat);
    await second.control.reset();
    expect(await second.control.telegram.chats()).toHaveLength(4);
    expect(await second.control.telegram.shown()).toEqual([]);
    await second.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

test('the bots have the tokens that the environment names', async () => {
  const token = `123456:${'x'.repeat(35)}`;
  const { telegram: options } = sandboxOptionsFrom(
    readSandboxEnv({ TELEGRAM_LEADS_BOT_TOKEN: token }),
  );
  const sandbox = await openSandbox({ telegram: options });
  const me = await telegram<{ id: number }>(sandbox, 'getMe', {}, { token });
  expect(me.result.id).toBe(123_456);
  expect((await telegram(sandbox, 'getMe', {}, { bot: 'admin' })).ok).toBe(true);
  expect(() => readSandboxEnv({ TELEGRAM_LEADS_BOT_TOKEN: 'abc' })).toThrow(/LEADS_BOT_TOKEN/);
});
