/** Bots, people, chats and messages as the Bot API writes them. */
import type { TelegramStore } from '../store/telegram-store.ts';
import type { Bot, Button, Chat, MemberStatus, Message, Person } from '../store/records.ts';

export type WireUser = {
  id: number;
  is_bot: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
};

/** A User object. */
export function wireBot({ id, firstName, username }: Bot): WireUser {
  return { id, is_bot: true, first_name: firstName, username };
}

/** A User object. */
export function wirePerson({ id, firstName, lastName, username }: Person): WireUser {
  return {
    id,
    is_bot: false,
    first_name: firstName,
    ...(lastName !== undefined && { last_name: lastName }),
    ...(username !== undefined && { username }),
    language_code: 'ru',
  };
}

/** A Chat object. */
export function wireChat(chat: Chat, store: TelegramStore): Record<string, unknown> {
  const { id, type, title } = chat;
  const person = chat.personId === null ? undefined : store.person(chat.personId);
  if (person !== undefined) {
    const { firstName, lastName, username } = person;
    return {
      id,
      first_name: firstName,
      ...(lastName !== undefined && { last_name: lastName }),
      ...(username !== undefined && { username }),
      type,
    };
  }
  const isForum = type === 'supergroup' && Object.keys(chat.topics).length > 0;
  return {
    id,
    title,
    type,
    ...(isForum && { is_forum: true }),
    ...(type === 'group' && { all_members_are_administrators: false }),
  };
}

/** Whole seconds since 1970, as every date of the Bot API. */
export const wireDate = (ms: number): number => Math.floor(ms / 1000);

/** Who sent a message; undefined for someone the settings no longer know. */
export function wireSender({ from }: Message, store: TelegramStore): WireUser | undefined {
  if ('botId' in from) {
    const bot = store.bot(from.botId);
    return bot && wireBot(bot);
  }
  const person = store.person(from.personId);
  return person && wirePerson(person);
}

/** A Message object. */
export function wireMessage(
  message: Message,
  store: TelegramStore,
  withReply = true,
): Record<string, unknown> {
  const chat = store.chat(message.chatKey);
  const replied =
    withReply && message.replyTo !== null
      ? store.messages(message.chatKey).find(({ messageId }) => messageId === message.replyTo)
      : undefined;
  return {
    message_id: message.messageId,
    ...wireAuthor(message, chat, store),
    ...(chat !== undefined && { chat: wireChat(chat, store) }),
    date: wireDate(message.at),
    ...(message.threadId !== null && {
      message_thread_id: message.threadId,
      ...(chat?.topics[message.threadId] !== undefined && { is_topic_message: true }),
    }),
    ...(message.buttons !== undefined && {
      reply_markup: { inline_keyboard: message.buttons.map((row) => row.map(wireButton)) },
    }),
    ...(replied !== undefined && { reply_to_message: wireMessage(replied, store, false) }),
    ...(message.service === null
      ? { text: message.text, ...(message.entities.length > 0 && { entities: message.entities }) }
      : wireService(message, store)),
  };
}

/** Whoever speaks in the chat's name is not named: groups see Telegram's own anonymous user instead. */
const ANONYMOUS: WireUser = {
  id: 1_087_968_824,
  is_bot: true,
  first_name: 'Group',
  username: 'GroupAnonymousBot',
};

function wireAuthor(
  message: Message,
  chat: Chat | undefined,
  store: TelegramStore,
): Record<string, unknown> {
  if (message.isAsChat !== true || chat === undefined) return { from: wireSender(message, store) };
  const isChannel = chat.type === 'channel';
  return { sender_chat: wireChat(chat, store), ...(!isChannel && { from: ANONYMOUS }) };
}

function wireButton(button: Button): Record<string, unknown> {
  return 'data' in button ? { text: button.text, callback_data: button.data } : button;
}

function wireService({ service }: Message, store: TelegramStore): Record<string, unknown> {
  if (service === null) return {};
  if ('chatId' in service) {
    const { kind, chatId } = service;
    return { [kind === 'migrated-to' ? 'migrate_to_chat_id' : 'migrate_from_chat_id']: chatId };
  }
  const bot = store.bot(service.botId);
  const user = bot && wireBot(bot);
  return service.kind === 'added'
    ? { new_chat_participant: user, new_chat_member: user, new_chat_members: [user] }
    : { left_chat_participant: user, left_chat_member: user };
}

/** A ChatMember object: what a user is in a chat. */
export function wireMember(
  user: WireUser,
  status: MemberStatus | 'creator',
): Record<string, unknown> {
  const rights = {
    creator: { is_anonymous: false },
    member: {},
    left: {},
    kicked: { until_date: 0 },
    administrator: {
      can_be_edited: false,
      is_anonymous: false,
      can_manage_chat: true,
      can_delete_messages: true,
      can_restrict_members: true,
      can_invite_users: true,
    },
    restricted: {
      is_member: true,
      can_send_messages: false,
      can_send_other_messages: false,
      until_date: 0,
    },
  }[status];
  return { user, status, ...rights };
}
