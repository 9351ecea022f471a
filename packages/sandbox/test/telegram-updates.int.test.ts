import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/sandbox.ts';
import { openSandbox } from './sandbox-calls.ts';
import { openGroup, readUpdates, telegram, type Update } from './telegram-calls.ts';

const poll = (sandbox: Sandbox, params: Record<string, unknown> = {}) =>
  telegram<Update[]>(sandbox, 'getUpdates', params);
const textsOf = (updates: Update[]) => updates.flatMap(({ message }) => message?.text ?? []);
const idsOf = (updates: Update[]) => updates.map(({ update_id: id }) => id);

/** Resolves when a poller waits: the sandbox has its request. */
async function pollers(sandbox: Sandbox, count: number): Promise<void> {
  for (;;) {
    const requests = await sandbox.control.requests('telegram');
    const open = requests.filter(({ path, status }) => path.includes('getUpdates') && !status);
    if (open.length >= count) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('getUpdates', () => {
  test('repeats what was not confirmed, and forgets what was', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    for (const text of ['/one', '/two', '/three']) await sandbox.control.telegram.say(chat, text);
    const first = (await poll(sandbox)).result;
    expect(textsOf(first)).toEqual(['/one', '/two', '/three']);
    expect((await poll(sandbox, { limit: 1 })).result).toEqual(first.slice(0, 1));
    const offset = (first[1]?.update_id ?? 0) + 1;
    expect(textsOf((await poll(sandbox, { offset })).result)).toEqual(['/three']);
    expect(textsOf((await poll(sandbox)).result)).toEqual(['/three']);
    expect(idsOf(first)).toEqual([0, 1, 2].map((step) => (first[0]?.update_id ?? 0) + step));
  });

  test('with a negative offset keeps only the last ones', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    for (const text of ['/one', '/two', '/three']) await sandbox.control.telegram.say(chat, text);
    expect(textsOf((await poll(sandbox, { offset: -1 })).result)).toEqual(['/three']);
    expect(textsOf((await poll(sandbox)).result)).toEqual(['/three']);
  });

  test('waits for an update, or until its time is over', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const heard = poll(sandbox, { timeout: 30 });
    await pollers(sandbox, 1);
    const { messageId } = await sandbox.control.telegram.say(chat, '/status');
    expect((await heard).result).toMatchObject([{ message: { message_id: messageId } }]);
    await readUpdates(sandbox);
    const nothing = poll(sandbox, { timeout: 30 });
    await pollers(sandbox, 1);
    await sandbox.control.advance(30_000);
    expect((await nothing).result).toEqual([]);
  });

  test('throws the other poller out with 409', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const first = poll(sandbox, { timeout: 50 });
    await pollers(sandbox, 1);
    const second = poll(sandbox, { timeout: 50 });
    expect(await first).toMatchObject({
      status: 409,
      description:
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    await pollers(sandbox, 1);
    await sandbox.control.telegram.say(chat, '/status');
    expect(textsOf((await second).result)).toEqual(['/status']);
  });

  test('is a 409 while a webhook is set, and a webhook ends a waiting one', async () => {
    const sandbox = await openSandbox();
    const waiting = poll(sandbox, { timeout: 50 });
    await pollers(sandbox, 1);
    await telegram(sandbox, 'setWebhook', { url: 'https://telegram.leadwire.kz/hook' });
    expect((await waiting).description).toBe('Conflict: terminated by setWebhook request');
    await sandbox.control.advance(3_000);
    const refused = await poll(sandbox);
    expect(refused.status).toBe(409);
    expect(refused.description).toMatch(/^Conflict: can't use getUpdates method while webhook is/);
    await telegram(sandbox, 'deleteWebhook');
    expect((await poll(sandbox)).ok).toBe(true);
  });

  test('forgets what is a day old', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.say(chat, '/old');
    await sandbox.control.advance(24 * 3600_000);
    expect((await poll(sandbox)).result).toHaveLength(1);
    await sandbox.control.advance(1_000);
    expect((await poll(sandbox)).result).toEqual([]);
  });

  test('tells only the types that were asked for, and remembers them until others are', async () => {
    const sandbox = await openSandbox();
    const { telegram: people } = sandbox.control;
    await poll(sandbox, { allowed_updates: ['my_chat_member'] });
    const { id } = await people.addGroup({ title: 'Продажи', bots: ['leads'] });
    await people.say(id, '/status');
    const [only, ...others] = await readUpdates(sandbox);
    expect(only?.my_chat_member?.new_chat_member.status).toBe('member');
    expect(others).toEqual([]);
    await poll(sandbox, { allowed_updates: [] });
    await people.say(id, '/status');
    expect(textsOf(await readUpdates(sandbox))).toEqual(['/status']);
  });

  test('can bring an update a second time, under its old number', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.say(chat, '/activate A1');
    const [first] = await readUpdates(sandbox);
    await sandbox.control.telegram.repeatUpdate('leads');
    const offset = (first?.update_id ?? 0) + 1;
    expect((await poll(sandbox, { offset })).result).toEqual([first]);
    expect((await poll(sandbox, { offset })).result).toEqual([]);
  });

  test('can bring an update of a kind that nobody knows', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.telegram.pushUpdate('leads', { hologram: { id: 1 } });
    expect((await poll(sandbox)).result).toMatchObject([{ hologram: { id: 1 } }]);
  });
});

describe('a bot is told', () => {
  test('what became of it in a group, by whom, and what everybody sees', async () => {
    const sandbox = await openSandbox();
    const { telegram: people } = sandbox.control;
    const { id } = await people.addGroup({ title: 'Продажи', type: 'supergroup' });
    await people.addBot(id, 'leads');
    await people.restrict(id, 'leads', 5_100_002);
    await people.allow(id, 'leads');
    await people.promote(id, 'leads');
    await people.kick(id, 'leads');
    const updates = await readUpdates(sandbox);
    const changes = updates.flatMap(({ my_chat_member: change }) => change ?? []);
    expect(
      changes.map((each) => [each.old_chat_member.status, each.new_chat_member.status]),
    ).toEqual([
      ['left', 'member'],
      ['member', 'restricted'],
      ['restricted', 'member'],
      ['member', 'administrator'],
      ['administrator', 'kicked'],
    ]);
    expect(changes[0]?.chat.id).toBe(Number(id));
    expect(changes[1]?.from.id).toBe(5_100_002);
    expect(updates.flatMap(({ message }) => message?.new_chat_members ?? [])).toMatchObject([
      { id: 7_000_000_001 },
    ]);
  });

  test('when it leaves by itself, while the others see it go', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { bots: ['leads', 'admin'] });
    await readUpdates(sandbox, 'leads');
    await telegram(sandbox, 'leaveChat', { chat_id: chat });
    const [left] = await readUpdates(sandbox);
    expect(left?.my_chat_member).toMatchObject({
      from: { id: 7_000_000_001 },
      new_chat_member: { status: 'left' },
    });
    const [seen] = await readUpdates(sandbox, 'admin');
    expect(seen?.message?.left_chat_member?.id).toBe(7_000_000_001);
  });

  test('of a move in both chats', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const { id } = await sandbox.control.telegram.migrate(chat);
    const updates = await readUpdates(sandbox);
    expect(updates.map(({ message }) => message)).toMatchObject([
      { chat: { id: chat, type: 'group' }, migrate_to_chat_id: Number(id) },
      { chat: { id: Number(id), type: 'supergroup' }, migrate_from_chat_id: chat },
    ]);
  });

  test('of a group only commands, and replies to it: privacy mode', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { bots: ['leads', 'admin'] });
    await readUpdates(sandbox);
    const { telegram: people } = sandbox.control;
    const { result: own } = await telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'a' });
    await people.say(chat, 'просто разговор');
    await people.say(chat, '/bare');
    await people.say(chat, '/named@LeadwireAdminBot');
    await people.say(chat, 'ответ', { replyTo: own.message_id });
    const leads = await readUpdates(sandbox, 'leads');
    expect(textsOf(leads)).toEqual(['/bare', 'ответ']);
    expect(leads[1]?.message?.reply_to_message?.message_id).toBe(own.message_id);
    expect(textsOf(await readUpdates(sandbox, 'admin'))).toEqual(['/named@LeadwireAdminBot']);
  });

  test('everything as an administrator', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.promote(chat, 'leads');
    await sandbox.control.telegram.say(chat, 'просто разговор');
    expect(textsOf(await readUpdates(sandbox))).toEqual(['просто разговор']);
  });
});

describe('a bot asks', () => {
  test('who it is, what a chat is, and what somebody is in it', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type: 'supergroup' });
    const me = (await telegram<{ id: number }>(sandbox, 'getMe')).result;
    expect(me).toMatchObject({ id: 7_000_000_001, is_bot: true, can_join_groups: true });
    expect((await telegram(sandbox, 'getChat', { chat_id: chat })).result).toMatchObject({
      id: chat,
      title: 'Продажи',
    });
    const member = async (user_id: number) =>
      (await telegram<{ status: string }>(sandbox, 'getChatMember', { chat_id: chat, user_id }))
        .result.status;
    expect([await member(me.id), await member(5_100_001), await member(5_100_002)]).toEqual([
      'member',
      'creator',
      'member',
    ]);
    await sandbox.control.telegram.kick(chat, 'leads');
    expect((await telegram(sandbox, 'getChat', { chat_id: chat })).status).toBe(403);
  });

  test('to offer commands, by kind of chat', async () => {
    const sandbox = await openSandbox();
    const commands = [{ command: 'status', description: 'Что приходит сюда' }];
    const scope = { type: 'all_group_chats' };
    const set = (params: Record<string, unknown>) => telegram(sandbox, 'setMyCommands', params);
    expect((await set({ commands, scope })).ok).toBe(true);
    expect((await telegram(sandbox, 'getMyCommands')).result).toEqual([]);
    expect((await telegram(sandbox, 'getMyCommands', { scope })).result).toEqual(commands);
    const wrong = [{ command: 'Статус', description: 'a' }];
    expect((await set({ commands: wrong })).description).toBe('Bad Request: BOT_COMMAND_INVALID');
  });
});
