import { describe, expect, test } from 'vitest';
import { openSandbox } from './sandbox-calls.ts';
import { openGroup, readUpdates, telegram } from './telegram-calls.ts';

const keyboard = (data: string) => ({
  inline_keyboard: [[{ text: 'Взять', callback_data: data }]],
});

describe('a button under a message', () => {
  test('that a person presses comes to the bot, whose answer they see once', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const params = { chat_id: chat, text: 'Заявка', reply_markup: keyboard('take:1') };
    const { result } = await telegram(sandbox, 'sendMessage', params);
    const { telegram: people } = sandbox.control;
    await expect(people.press(chat, result.message_id, 'other')).rejects.toThrow();
    const { id } = await people.press(chat, result.message_id, 'take:1', 5_100_002);
    const [update] = await readUpdates(sandbox);
    expect(update?.callback_query).toMatchObject({
      id,
      data: 'take:1',
      from: { id: 5_100_002 },
      message: { message_id: result.message_id, reply_markup: keyboard('take:1') },
    });
    const answer = { callback_query_id: id, text: 'Взяли' };
    expect((await telegram(sandbox, 'answerCallbackQuery', answer)).ok).toBe(true);
    expect((await telegram(sandbox, 'answerCallbackQuery', answer)).status).toBe(400);
    expect((await people.pressed(id)).answer).toEqual({ text: 'Взяли', isAlert: false });
  });

  test('can be changed with its text or alone, by the bot that sent it, to something else', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { bots: ['leads', 'admin'] });
    const sent = await telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'Заявка' });
    const message = { chat_id: chat, message_id: sent.result.message_id };
    const edited = { ...message, text: '<b>Взята</b>', parse_mode: 'HTML' };
    expect((await telegram(sandbox, 'editMessageText', edited)).ok).toBe(true);
    const buttons = { ...message, reply_markup: keyboard('x') };
    expect((await telegram(sandbox, 'editMessageReplyMarkup', buttons)).ok).toBe(true);
    const same = await telegram(sandbox, 'editMessageReplyMarkup', buttons);
    expect(same.description).toContain('message is not modified');
    const foreign = await telegram(sandbox, 'editMessageText', edited, { bot: 'admin' });
    expect(foreign.description).toContain("can't be edited");
    expect((await sandbox.control.telegram.messages(chat)).at(-1)).toMatchObject({
      text: 'Взята',
      buttons: [[{ text: 'Взять', data: 'x' }]],
    });
  });

  test.each([
    ['longer than 64 bytes', 'x'.repeat(65), 'BUTTON_DATA_INVALID'],
    ['of none', '', 'BUTTON_DATA_INVALID'],
  ])('with data %s is refused', async (_, data, words) => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const params = { chat_id: chat, text: 'Заявка', reply_markup: keyboard(data) };
    expect((await telegram(sandbox, 'sendMessage', params)).description).toContain(words);
  });
});

describe('who speaks', () => {
  test('in a channel is the channel; in a group an administrator may hide behind it', async () => {
    const sandbox = await openSandbox();
    const channel = await openGroup(sandbox, { type: 'channel' });
    await sandbox.control.telegram.say(channel, '/status');
    const [post] = await readUpdates(sandbox);
    expect(post?.channel_post).toMatchObject({ sender_chat: { id: channel }, text: '/status' });
    expect(post?.channel_post?.from).toBeUndefined();
    const group = await openGroup(sandbox);
    await sandbox.control.telegram.say(group, '/status', { isAsChat: true });
    const [update] = await readUpdates(sandbox);
    expect(update?.message).toMatchObject({
      sender_chat: { id: group },
      from: { id: 1_087_968_824 },
    });
  });

  test('is an administrator, a member or a stranger, as told', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    const status = async (user_id: number) => {
      const params = { chat_id: chat, user_id };
      const { result } = await telegram<{ status: string }>(sandbox, 'getChatMember', params);
      return result.status;
    };
    await sandbox.control.telegram.setPerson(chat, 5_100_003, 'left');
    expect([await status(5_100_001), await status(5_100_002), await status(5_100_003)]).toEqual([
      'creator',
      'member',
      'left',
    ]);
    await sandbox.control.telegram.setPerson(chat, 5_100_002, 'administrator');
    expect(await status(5_100_002)).toBe('administrator');
  });

  test('in a topic of a forum says so', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type: 'supergroup' });
    await sandbox.control.telegram.setTopics(chat, { 7: 'open' });
    await sandbox.control.telegram.say(chat, '/status', { threadId: 7 });
    const [update] = await readUpdates(sandbox);
    expect(update?.message).toMatchObject({ message_thread_id: 7, is_topic_message: true });
    const general = { chat_id: chat, text: 'Заявка' };
    expect((await telegram(sandbox, 'sendMessage', general)).ok).toBe(true);
    await sandbox.control.telegram.setTopics(chat, { 1: 'closed', 7: 'open' });
    expect((await telegram(sandbox, 'sendMessage', general)).description).toContain('TOPIC_CLOSED');
  });
});
