import { describe, expect, test } from 'vitest';
import { readCommand, readUpdate } from '../src/bot/update.ts';

const chat = { id: -1001234567890, type: 'supergroup', title: 'Отдел продаж' };
const told = (fields: object) => readUpdate({ update_id: 7, ...fields })?.told;
const membership = (before: object, now: object) =>
  told({ my_chat_member: { chat, from: {}, old_chat_member: before, new_chat_member: now } });

describe('a command', () => {
  test.each([
    ['/today', { name: 'today', to: undefined, words: [] }],
    ['/Today@Leads_Bot', { name: 'today', to: 'leads_bot', words: [] }],
    ['/activate k7mx-3p9q-w2ht  course', { name: 'activate', words: ['k7mx-3p9q-w2ht', 'course'] }],
    ['/activate\nk7mx', { name: 'activate', words: ['k7mx'] }],
  ])('is read from "%s"', (text, expected) => {
    expect(readCommand(text)).toMatchObject(expected);
  });

  test.each(['', 'today', '//', '/', '/ today', '/сегодня', 'как дела /today'])(
    'is not in "%s"',
    (text) => expect(readCommand(text)).toBeUndefined(),
  );

  test('comes with its chat as text and the topic it was written in', () => {
    const message = { chat, text: '/status', message_thread_id: 5, is_topic_message: true };
    expect(told({ message })).toMatchObject({
      kind: 'command',
      name: 'status',
      threadId: 5,
      chat: { id: '-1001234567890', title: 'Отдел продаж' },
    });
  });
});

describe('who speaks', () => {
  const text = '/deactivate';
  test.each([
    ['a person', { message: { chat, text, from: { id: 5 } } }, { userId: '5' }],
    [
      'a hidden administrator',
      { message: { chat, text, from: { id: 1 }, sender_chat: { id: chat.id } } },
      { chatId: String(chat.id) },
    ],
    [
      'a channel',
      { channel_post: { chat: { ...chat, type: 'channel' }, text } },
      { chatId: String(chat.id) },
    ],
    ['nobody', { message: { chat, text } }, undefined],
  ])('is %s', (_, update, sender) => expect(told(update)).toMatchObject({ sender }));

  test('in a topic is known by the topic, also where only the forum says so', () => {
    const forum = { ...chat, is_forum: true };
    expect(told({ message: { chat: forum, text, message_thread_id: 5 } })).toMatchObject({
      threadId: 5,
    });
    expect(told({ message: { chat, text, message_thread_id: 5 } })).toMatchObject({
      threadId: undefined,
    });
  });
});

test('a press of a button comes with who pressed it and all buttons of the message', () => {
  const buttons = [[{ text: 'Взять', callback_data: 'take:1' }]];
  const message = {
    message_id: 9,
    chat,
    text: 'Заявка',
    reply_markup: { inline_keyboard: buttons },
  };
  const from = { id: 5, first_name: 'Дана', last_name: 'Менеджер' };
  expect(told({ callback_query: { id: '77', from, data: 'take:1', message } })).toEqual({
    kind: 'press',
    chat: { ...chat, id: String(chat.id) },
    queryId: '77',
    data: 'take:1',
    messageId: 9,
    buttons: [[{ text: 'Взять', data: 'take:1' }]],
    by: { userId: '5', name: 'Дана Менеджер' },
  });
});

describe('membership', () => {
  const [left, member] = [{ status: 'left' }, { status: 'member' }];
  test.each([
    ['added', left, member, 'out', 'speaks'],
    ['kicked', member, { status: 'kicked', until_date: 0 }, 'speaks', 'out'],
    [
      'restricted',
      { status: 'administrator' },
      { status: 'restricted', is_member: true, can_send_messages: false },
      'speaks',
      'silent',
    ],
    [
      'an administrator of a channel who may not post',
      left,
      { status: 'administrator', can_post_messages: false },
      'out',
      'silent',
    ],
    [
      'restricted and gone',
      member,
      { status: 'restricted', is_member: false, can_send_messages: true },
      'speaks',
      'out',
    ],
    [
      'given its rights back',
      { status: 'restricted', is_member: true, can_send_messages: false },
      { status: 'restricted', is_member: true, can_send_messages: true },
      'silent',
      'speaks',
    ],
  ])('of a bot that was %s', (_what, before, after, was, now) => {
    expect(membership(before, after)).toMatchObject({ kind: 'membership', before: was, now });
  });
});

test('a migration is the same move from either side', () => {
  const old = { id: -55, type: 'group', title: 'Курс' };
  const move = { kind: 'moved', from: '-55', to: '-1001234567890' };
  expect(told({ message: { chat: old, migrate_to_chat_id: chat.id } })).toEqual(move);
  expect(told({ message: { chat, migrate_from_chat_id: -55 } })).toEqual(move);
});

test('what we do not act on keeps its number', () => {
  for (const fields of [
    {},
    { message: { chat, text: 'спасибо' } },
    { message: { chat, photo: [{}] } },
    { message: 'not a message' },
    { message: { chat: { id: 'x' } } },
    { poll: { id: '1' } },
    { my_chat_member: { chat, old_chat_member: { status: 'new kind' }, new_chat_member: {} } },
  ]) {
    expect(readUpdate({ update_id: 7, ...fields })).toEqual({ updateId: 7, told: undefined });
  }
});

test('what has no number is no update', () => {
  for (const json of [null, [], 'x', {}, { update_id: '7' }]) {
    expect(readUpdate(json)).toBeUndefined();
  }
});
