/** May this bot reach this chat? Each state of a chat has its refusal (Client.cpp, check_chat_access). */
import { refuse, type TelegramError } from './answers.ts';
import type { TelegramStore } from '../store/telegram-store.ts';
import type { Params } from './params.ts';
import { isIn, type Bot, type Chat } from '../store/records.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';

/** The chat that a call names. Throws for one that this bot has never met. */
export function findChat(bot: Bot, params: Params, store: TelegramStore): Chat {
  const named = params.get('chat_id') ?? '';
  if (named === '') throw refuse(400, 'chat_id is empty');
  const notFound = refuse(400, 'chat not found');
  if (!/^-?\d{1,16}$/.test(named)) throw notFound;
  const id = Number(named);
  if (id < 0) {
    const group = store.chat(String(id));
    if (group?.members[bot.id] === undefined) throw notFound;
    return group;
  }
  const person = store.person(id);
  if (person === undefined) throw notFound;
  const chat = store.privateChat(bot, person);
  if (chat.members[bot.id] !== undefined) return chat;
  // A person whom the bot knows from a group, but who never pressed start.
  const isKnown = store
    .chats()
    .some(({ type, members }) => type !== 'private' && isIn(members[bot.id]));
  throw isKnown ? refuse(403, "bot can't initiate conversation with a user") : notFound;
}

/** Throws when the bot may not look at the chat. */
export function checkRead(bot: Bot, chat: Chat): void {
  if (chat.type === 'supergroup' || chat.type === 'channel') checkMembership(bot, chat);
}

/** Throws when the bot may not send into the chat, for whatever reason. */
export function checkWrite(
  bot: Bot,
  chat: Chat,
  store: TelegramStore,
  settings: TelegramSettings,
): void {
  if (chat.type === 'private') checkPrivate(bot, chat, store);
  if (chat.type === 'group') checkGroup(chat);
  checkMembership(bot, chat);
  if (chat.members[bot.id] === 'restricted') throw refuse(400, settings.restrictedAnswer);
}

function checkPrivate(bot: Bot, chat: Chat, store: TelegramStore): void {
  if (chat.personId !== null && store.isDeactivated(chat.personId)) {
    throw refuse(403, 'user is deactivated');
  }
  if (chat.members[bot.id] === 'kicked') throw refuse(403, 'bot was blocked by the user');
}

function checkGroup({ migratedTo, deleted }: Chat): void {
  if (migratedTo !== null) {
    throw refuse(400, 'group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: migratedTo,
    });
  }
  if (deleted) throw refuse(403, 'the group chat was deleted');
}

function checkMembership(bot: Bot, chat: Chat): void {
  if (chat.type === 'private') return;
  const refusal = (text: string): TelegramError => refuse(403, `${text} the ${chat.type} chat`);
  // A supergroup that is gone looks to a bot as if it had been banned from it.
  if (chat.deleted || chat.members[bot.id] === 'kicked') throw refusal('bot was kicked from');
  if (!isIn(chat.members[bot.id])) throw refusal('bot is not a member of');
}
