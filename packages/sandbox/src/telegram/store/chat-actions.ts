/** What people do in Telegram: add and remove bots, talk to them, change their groups. Bots hear of it as updates. */
import type { World } from '../../world/provider.ts';
import type { TelegramStore, NewMessage } from './telegram-store.ts';
import {
  isIn,
  type Bot,
  type Chat,
  type MemberStatus,
  type Message,
  type Person,
} from './records.ts';
import { typedText } from './text.ts';
import type { Updates } from './updates.ts';
import {
  wireBot,
  wireChat,
  wireDate,
  wireMember,
  wireMessage,
  wirePerson,
  type WireUser,
} from '../api/wire.ts';

/** The control plane asked for something that cannot be done there. */
export class DeskError extends Error {
  override readonly name = 'DeskError';
  readonly statusCode = 409;
}

/** How it is said: as an answer, in a topic, in the chat's own name. */
export type Saying = Partial<Pick<Message, 'replyTo' | 'threadId' | 'isAsChat'>>;

export type ChatActions = {
  /** Makes the bot a member of the group, with the service message that everybody sees. */
  addBot(chat: Chat, bot: Bot, by: Person): void;
  /** Removes it: `kicked` by a person, `left` of its own accord. */
  removeBot(chat: Chat, bot: Bot, status: 'kicked' | 'left', by: Person | null): void;
  /** Changes what a member may do: restricted, member again, administrator. */
  changeBot(
    chat: Chat,
    bot: Bot,
    status: 'member' | 'administrator' | 'restricted',
    by: Person,
  ): void;
  /** A group becomes a supergroup with another id. Returns the new chat. */
  migrate(chat: Chat, by: Person): Chat;
  deleteChat(chat: Chat): void;
  /** A person writes into a chat that exists. */
  say(chat: Chat, person: Person, text: string, more?: Saying): Message;
  /** A person stops the bot, or lets it write again. */
  setBlocked(bot: Bot, person: Person, blocked: boolean): void;
};

type Parts = { world: World; store: TelegramStore; updates: Updates };

/** What people and administrators do in a chat; every change is told to the bots. */
export function createChatActions(parts: Parts): ChatActions {
  const { world, store } = parts;
  const setStatus = (chat: Chat, bot: Bot, status: MemberStatus, by: WireUser): Chat => {
    const before = chat.members[bot.id] ?? 'left';
    const changed = store.save({ ...chat, members: { ...chat.members, [bot.id]: status } });
    tellStatus(parts, changed, bot, { before, after: status, by });
    return changed;
  };
  const finished = <Result>(result: Result): Result => {
    world.changed();
    return result;
  };
  return {
    addBot: (given, bot, by) => {
      const chat = alive(given);
      if (isIn(chat.members[bot.id])) throw new DeskError('this bot is in the group already');
      // A channel takes bots as administrators alone, and shows nothing of it.
      const isChannel = chat.type === 'channel';
      const status = isChannel ? 'administrator' : 'member';
      const changed = setStatus(chat, bot, status, wirePerson(by));
      if (isChannel) return finished(undefined);
      const service = { kind: 'added', botId: bot.id } as const;
      finished(postService(parts, changed, { from: { personId: by.id }, service }));
    },
    removeBot: (given, bot, status, by) => {
      const chat = alive(given);
      if (!isIn(chat.members[bot.id])) throw new DeskError('this bot is not in the group');
      const from = by === null ? { botId: bot.id } : { personId: by.id };
      const changed = setStatus(chat, bot, status, by === null ? wireBot(bot) : wirePerson(by));
      const service = { kind: 'removed', botId: bot.id } as const;
      finished(postService(parts, changed, { from, service }));
    },
    changeBot: (given, bot, status, by) => {
      const chat = alive(given);
      if (!isIn(chat.members[bot.id])) throw new DeskError('this bot is not in the group');
      finished(setStatus(chat, bot, status, wirePerson(by)));
    },
    migrate: (chat, by) => finished(migrate(parts, alive(chat), by)),
    deleteChat: (chat) => void finished(store.save({ ...alive(chat), deleted: true })),
    say: (chat, person, text, more = {}) => finished(say(parts, chat, person, text, more)),
    setBlocked: (bot, person, blocked) => {
      const chat = store.privateChat(bot, person);
      if (chat.members[bot.id] === undefined) throw new DeskError('they have no chat yet');
      finished(setStatus(chat, bot, blocked ? 'kicked' : 'member', wirePerson(person)));
    },
  };
}

function alive(chat: Chat): Chat {
  if (chat.type === 'private') throw new DeskError('this is not a group');
  if (chat.deleted) throw new DeskError('this group was deleted');
  if (chat.migratedTo !== null) throw new DeskError(`this group is ${chat.migratedTo} now`);
  return chat;
}

function botsIn(chat: Chat, store: TelegramStore): Bot[] {
  return store.bots().filter((bot) => isIn(chat.members[bot.id]));
}

function tellStatus(
  { world, store, updates }: Parts,
  chat: Chat,
  bot: Bot,
  { before, after, by }: { before: MemberStatus; after: MemberStatus; by: WireUser },
): void {
  updates.push(bot, chat.key, 'my_chat_member', {
    chat: wireChat(chat, store),
    from: by,
    date: wireDate(world.clock.now()),
    old_chat_member: wireMember(wireBot(bot), before),
    new_chat_member: wireMember(wireBot(bot), after),
  });
}

/** Every bot of the group sees a service message. */
function postService({ store, updates }: Parts, chat: Chat, draft: NewMessage): Message {
  const message = store.post(chat, draft);
  for (const bot of botsIn(chat, store)) {
    updates.push(bot, chat.key, 'message', wireMessage(message, store));
  }
  return message;
}

function migrate(parts: Parts, chat: Chat, by: Person): Chat {
  if (chat.type !== 'group') throw new DeskError('this is a supergroup already');
  const { store } = parts;
  const more = { members: chat.members, migratedFrom: chat.id };
  const to = store.newGroup(chat.title, 'supergroup', more);
  const from = { personId: by.id };
  const old = store.save({ ...chat, migratedTo: to.id });
  postService(parts, old, { from, service: { kind: 'migrated-to', chatId: to.id } });
  postService(parts, to, { from, service: { kind: 'migrated-from', chatId: chat.id } });
  return store.chat(to.key) ?? to;
}

function say(parts: Parts, chat: Chat, person: Person, raw: string, more: Saying): Message {
  const { store, updates } = parts;
  if (chat.type !== 'private') alive(chat);
  const { text, entities } = typedText(raw);
  if (text === '') throw new DeskError('an empty message cannot be sent');
  const opened = chat.type === 'private' ? openPrivate(parts, chat, person) : chat;
  const isAsChat = more.isAsChat === true || chat.type === 'channel';
  const said = { ...more, isAsChat, text, entities };
  const message = store.post(opened, { from: { personId: person.id }, ...said });
  for (const bot of botsIn(opened, store)) {
    if (!isSeenBy(bot, opened, message, store)) continue;
    const type = chat.type === 'channel' ? 'channel_post' : 'message';
    updates.push(bot, opened.key, type, wireMessage(message, store));
  }
  return message;
}

/** Writing to a bot starts the chat, and lets a blocked bot write again. */
function openPrivate(parts: Parts, chat: Chat, person: Person): Chat {
  const bot = chat.botId === null ? undefined : parts.store.bot(chat.botId);
  const before = bot && chat.members[bot.id];
  if (bot === undefined || before === 'member') return chat;
  const members = { ...chat.members, [bot.id]: 'member' as const };
  const opened = parts.store.save({ ...chat, members });
  if (before !== undefined) {
    tellStatus(parts, opened, bot, { before, after: 'member', by: wirePerson(person) });
  }
  return opened;
}

/**
 * Privacy mode (Bot API "Features"): commands addressed to the bot, bare commands when it was the last bot to write,
 * replies to it. A bare command in a group where no bot has written yet reaches all of them.
 */
function isSeenBy(bot: Bot, chat: Chat, message: Message, store: TelegramStore): boolean {
  if (chat.type === 'private' || bot.readsAll || chat.members[bot.id] === 'administrator')
    return true;
  const before = store.messages(chat.key).filter(({ messageId }) => messageId < message.messageId);
  const replied = before.find(({ messageId }) => messageId === message.replyTo);
  if (replied !== undefined && isFrom(replied, bot.id)) return true;
  const commands = message.entities
    .filter(({ type }) => type === 'bot_command')
    .map(({ offset, length }) => message.text.slice(offset, offset + length).split('@')[1]);
  if (commands.some((name) => name?.toLowerCase() === bot.username.toLowerCase())) return true;
  if (!commands.includes(undefined)) return false;
  const last = before.findLast(({ from, service }) => 'botId' in from && service === null);
  return last === undefined || isFrom(last, bot.id) || botsIn(chat, store).length === 1;
}

function isFrom({ from }: Message, botId: number): boolean {
  return 'botId' in from && from.botId === botId;
}
