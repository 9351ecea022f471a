/** Chats, bots and messages as the control plane shows them. */
import type { TelegramParts } from '../api/method.ts';
import type { Bot, Chat, MemberStatus, Message } from './records.ts';

/** How a chat stands to one bot: what decides what sendMessage answers. */
export type ChatState =
  'active' | 'restricted' | 'kicked' | 'left' | 'deleted' | 'migrated' | 'unknown';

export type ChatView = {
  /** Names the chat in the control plane: a group's id, `<bot id>:<person id>` of a private chat. */
  key: string;
  id: string;
  type: Chat['type'];
  title: string;
  migratedTo: string | null;
  migratedFrom: string | null;
  /** By the bot's name; only bots that have met the chat. */
  states: Record<string, ChatState>;
};

export type MessageView = {
  messageId: number;
  chatId: string;
  at: string;
  /** A bot's name, or a person's first name. */
  from: string;
  byBot: boolean;
  text: string;
  entities: Message['entities'];
  /** Of a service message. */
  service: string | null;
  threadId: number | null;
  buttons: NonNullable<Message['buttons']>;
};

export type BotView = {
  name: string;
  id: number;
  username: string;
  revoked: boolean;
  webhookUrl: string | null;
  pendingUpdates: number;
};

const STATES: Record<MemberStatus, ChatState> = {
  member: 'active',
  administrator: 'active',
  restricted: 'restricted',
  left: 'left',
  kicked: 'kicked',
};

/** How the chat stands to the bot. */
export function stateOf(bot: Bot, chat: Chat): ChatState {
  const status = chat.members[bot.id];
  if (status === undefined) return 'unknown';
  if (chat.migratedTo !== null) return 'migrated';
  return chat.deleted ? 'deleted' : STATES[status];
}

/** A chat with its states. */
export function viewChat(chat: Chat, { store }: TelegramParts): ChatView {
  const person = chat.personId === null ? undefined : store.person(chat.personId);
  const met = store.bots().filter((bot) => chat.members[bot.id] !== undefined);
  return {
    key: chat.key,
    id: String(chat.id),
    type: chat.type,
    title: person?.firstName ?? chat.title,
    migratedTo: chat.migratedTo === null ? null : String(chat.migratedTo),
    migratedFrom: chat.migratedFrom === null ? null : String(chat.migratedFrom),
    states: Object.fromEntries(met.map((bot) => [bot.name, stateOf(bot, chat)])),
  };
}

/** A message with its sender's name. */
export function viewMessage(message: Message, { store }: TelegramParts): MessageView {
  const { from, service } = message;
  return {
    messageId: message.messageId,
    chatId: String(message.chatId),
    at: new Date(message.at).toISOString(),
    from:
      'botId' in from
        ? (store.bot(from.botId)?.name ?? '')
        : (store.person(from.personId)?.firstName ?? ''),
    byBot: 'botId' in from,
    text: message.text,
    entities: message.entities,
    threadId: message.threadId,
    service: service?.kind ?? null,
    buttons: message.buttons ?? [],
  };
}

/** A bot and what waits for it. */
export function viewBot(bot: Bot, revoked: boolean, { hooks, updates }: TelegramParts): BotView {
  return {
    name: bot.name,
    id: bot.id,
    username: bot.username,
    revoked,
    webhookUrl: hooks.of(bot)?.url ?? null,
    pendingUpdates: updates.pending(bot).length,
  };
}
