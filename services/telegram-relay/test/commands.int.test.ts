import { describe, expect, test } from 'vitest';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import type { GroupBot } from '@leadwire/shared/delivery/telegram-groups';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { startRelay, telegram, shownIn, publishLead } = rig;

const newCode = async (bot: GroupBot = 'leads') =>
  (await createTelegramCodes(rig.bus()).make({ kind: 'group', bot })).code;

/** A new group with the bot in it, once the bot has greeted. */
const newGroup = async (title = 'Отдел продаж', bot: GroupBot = 'leads') => {
  const { id } = await telegram().addGroup({ title, bots: [bot] });
  const chatId = String(id);
  await nextAnswer(chatId, 0);
  return chatId;
};

/** The first answer after those that were there. */
const nextAnswer = (chatId: string, before: number) =>
  waitFor(async () => (await shownIn(chatId))[before], {
    timeoutMs: 30_000,
    what: `answer ${before + 1} in ${chatId}`,
  });

type SayMore = { person?: number; isAsChat?: boolean; threadId?: number };

/** Types it and resolves with the answer. */
const ask = async (chatId: string, text: string, more: SayMore = {}): Promise<string> => {
  const before = (await shownIn(chatId)).length;
  await telegram().say(chatId, text, more);
  return nextAnswer(chatId, before);
};

const groupOf = (chatId: string, bot: GroupBot = 'leads') => rig.groups().byChat(bot, chatId);

describe('a group', () => {
  test('is greeted, switches itself on with a code, and gets the next lead', async () => {
    await startRelay();
    const chatId = await newGroup();
    expect(await nextAnswer(chatId, 0)).toContain('/activate КОД');

    const answer = await ask(chatId, `/activate ${await newCode()}`);
    expect(answer).toContain('Группа «Отдел продаж» подключена: сюда приходят все заявки');
    expect(await groupOf(chatId)).toMatchObject({ state: 'active', leadKinds: [] });

    const lead = await publishLead();
    await waitFor(async () => (await shownIn(chatId)).some((text) => text.includes(lead.name)));
  });

  test('chooses its leads, in English or Russian, before or after the code', async () => {
    await startRelay();
    const chatId = await newGroup();
    expect(await ask(chatId, `/activate ${await newCode()} test`)).toContain('заявки профтеста');
    expect(await groupOf(chatId)).toMatchObject({ leadKinds: ['proftest'] });
    // Known already, it needs no code to choose anew.
    expect(await ask(chatId, '/activate курс')).toContain('покупки курса');
    expect(await groupOf(chatId)).toMatchObject({ leadKinds: ['purchase'] });
    expect(await ask(chatId, `/activate@LeadwireLeadsBot all ${await newCode()}`)).toContain('все');
    expect(await groupOf(chatId)).toMatchObject({ leadKinds: [] });
  });

  test('switches itself off, is asked for nothing to come back, and gets nothing meanwhile', async () => {
    await startRelay();
    const chatId = await newGroup();
    await ask(chatId, `/activate ${await newCode()}`);
    expect(await ask(chatId, '/deactivate')).toContain('Группа отключена');
    expect(await groupOf(chatId)).toMatchObject({
      state: 'deactivated',
      stateReason: 'by_command',
    });
    expect(await ask(chatId, '/deactivate')).toContain('и так не подключена');
    await publishLead();
    expect(await ask(chatId, '/activate')).toContain('подключена');
    await rig.nothingIsLeft();
    expect((await shownIn(chatId)).filter((text) => text.includes('#'))).toEqual([]);
  });

  test('says how it stands, and shows numbers only when it is ours', async () => {
    await startRelay();
    const chatId = await newGroup();
    await publishLead({ kind: 'purchase', paymentMethod: 'kaspi' });
    expect(await ask(chatId, '/status')).toContain('не подключена');
    expect(await ask(chatId, '/today')).toContain('только в подключённых группах');
    await ask(chatId, `/activate ${await newCode()}`);
    expect(await ask(chatId, '/status')).toMatch(/подключена с \d+ .+: сюда приходят все заявки/);
    const today = await ask(chatId, '/today');
    expect(today).toMatch(/Сегодня, \d+ .+: заявок — \d+/);
    expect(today).toMatch(/Обратились: \d+ человек/);
    expect(today).toMatch(/Оплата: Kaspi \d+/);
    expect(today).toContain('SMS: отправлено 0');
  });

  test('that gets one kind of leads is told the number of those', async () => {
    await startRelay();
    const chatId = await newGroup();
    await ask(chatId, `/activate ${await newCode()} test`);
    const today = await ask(chatId, '/today');
    expect(today).toMatch(/заявки профтеста — \d+/);
    expect(today).not.toContain('Kaspi');
  });

  test('of admins switches the admin bot on with a code for it', async () => {
    await startRelay();
    const chatId = await newGroup('Админы', 'admin');
    expect(await ask(chatId, `/activate ${await newCode('leads')}`)).toContain('не для этого бота');
    const code = await newCode('admin');
    expect(await ask(chatId, `/activate ${code}`)).toContain('предупреждения системы');
    expect(await groupOf(chatId, 'admin')).toMatchObject({ state: 'active' });
  });
});

describe('what changes a group', () => {
  test('is for its administrators, also for those who stay anonymous', async () => {
    await startRelay();
    const chatId = await newGroup();
    const [, member] = await telegram().people();
    const asMember = { person: member!.id };
    const code = await newCode();
    expect(await ask(chatId, `/activate ${code}`, asMember)).toContain('могут её администраторы');
    expect(await groupOf(chatId)).toBeUndefined();
    // The code was not used up by that.
    expect(await ask(chatId, `/activate ${code}`, { isAsChat: true })).toContain('Готово!');
    expect(await ask(chatId, '/activate course', asMember)).toContain('могут её администраторы');
    expect(await ask(chatId, '/deactivate', asMember)).toContain('могут её администраторы');
    expect(await groupOf(chatId)).toMatchObject({ state: 'active', leadKinds: [] });
    expect(await ask(chatId, '/status', asMember)).toContain('подключена');
    await telegram().setPerson(chatId, member!.id, 'administrator');
    expect(await ask(chatId, '/deactivate', asMember)).toContain('Группа отключена');
  });

  test('may be written in a channel, where only administrators post', async () => {
    await startRelay();
    const { id } = await telegram().addGroup({ title: 'Канал', type: 'channel', bots: ['leads'] });
    expect(await nextAnswer(id, 0)).toContain('/activate КОД');
    expect(await ask(id, `/activate ${await newCode()}`)).toContain('Готово!');
    const lead = await publishLead();
    await waitFor(async () => (await shownIn(id)).some((text) => text.includes(lead.name)));
  });

  test('in a topic of a forum has the leads appear there', async () => {
    await startRelay();
    const { id } = await telegram().addGroup({
      title: 'Форум',
      type: 'supergroup',
      bots: ['leads'],
    });
    await nextAnswer(id, 0);
    await telegram().setTopics(id, { 1: 'closed', 7: 'open' });
    expect(await ask(id, `/activate ${await newCode()}`, { threadId: 7 })).toContain('Готово!');
    const lead = await publishLead();
    const shown = () => telegram().shown(id);
    await waitFor(async () =>
      (await shown()).some(({ text, threadId }) => text.includes(lead.name) && threadId === 7),
    );
  });
});

describe('a code', () => {
  test('that is wrong, or used, is answered politely and logged without it', async () => {
    const relay = await startRelay();
    const [one, other] = [await newGroup(), await newGroup()];
    const code = await newCode();
    await ask(one, `/activate ${code}`);
    expect(await ask(other, `/activate ${code}`)).toContain('уже использован');
    expect(await ask(other, '/activate k7mx-3p9q-w2ht')).toContain('Такого кода нет');
    expect(await ask(other, '/activate 12345')).toContain('Такого кода нет');
    expect(await ask(other, '/activate')).toContain('Нужен код');
    expect(await ask(other, `/activate ${await newCode()} tset`)).toContain('Не понимаю «tset»');
    expect(await groupOf(other)).toBeUndefined();
    // A used one changes nothing for the group that has it either.
    expect(await ask(one, `/activate ${code}`)).toContain('остаётся подключённой');

    const logged = JSON.stringify(relay.logs);
    expect(logged).toContain('an activation code was not taken');
    for (const secret of [code, code.replaceAll('-', ''), 'k7mx-3p9q-w2ht']) {
      expect(logged).not.toContain(secret);
    }
  });

  test('that two groups use at once activates one of them', async () => {
    await rig.startTwo();
    const chats = [await newGroup(), await newGroup()];
    const code = await newCode();
    const answers = await Promise.all(chats.map((chatId) => ask(chatId, `/activate ${code}`)));
    expect(answers.filter((answer) => answer.includes('Готово!'))).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes('уже использован'))).toHaveLength(1);
  });
});

describe('what is not for us', () => {
  test('gets no answer: talk, other bots’ commands, things that are no messages', async () => {
    await startRelay();
    const chatId = await newGroup();
    for (const text of ['спасибо', '/weather', '/today@OtherBot', '/ today']) {
      await telegram().say(chatId, text);
    }
    const chat = { id: Number(chatId), type: 'group', title: 'Отдел продаж' };
    for (const update of [
      { edited_message: { message_id: 1, chat, text: '/status' } },
      { message: { message_id: 1, chat, sticker: {} } },
      { message: { message_id: 1, chat: { id: 'x' }, text: '/status' } },
      { my_chat_member: { chat } },
      { something_new: {} },
    ]) {
      await telegram().pushUpdate('leads', update);
    }
    expect(await ask(chatId, '/weather@LeadwireLeadsBot')).toContain('Такой команды я не знаю');
    expect(await shownIn(chatId)).toHaveLength(2);
  });

  test('in private is told where the bot works', async () => {
    await startRelay();
    const [person] = await telegram().people();
    await telegram().sayPrivately('leads', person!.id, '/start');
    expect(await nextAnswer(String(person!.id), 0)).toContain('добавьте меня в группу');
  });

  test('somebody who plays with the bot gets a few answers a minute', async () => {
    const relay = await startRelay();
    const chatId = await newGroup();
    for (let n = 0; n < 30; n += 1) await telegram().say(chatId, '/status');
    await waitFor(() => relay.logs.filter(({ msg }) => msg?.includes('too many')).length >= 22);
    expect((await shownIn(chatId)).length).toBeLessThanOrEqual(8);
  });
});

test('names that are HTML are shown as typed', async () => {
  await startRelay();
  const chatId = await newGroup('<b>Отдел</b> & "Ко"');
  const answer = await ask(chatId, `/activate ${await newCode()}`);
  expect(answer).toContain('«<b>Отдел</b> & "Ко"»');
});
