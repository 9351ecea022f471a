/** The commands that a bot offers: what a messenger suggests when a person types a slash. */
import type { Store } from '../../world/store.ts';
import { refuse } from '../api/answers.ts';
import { jsonOf, type Params } from '../api/params.ts';
import type { Bot, Chat } from './records.ts';

export type Command = { command: string; description: string };

export type Commands = {
  set(bot: Bot, params: Params): void;
  get(bot: Bot, params: Params): Command[];
  remove(bot: Bot, params: Params): void;
  /** What is suggested in this chat: the narrowest scope that has any. */
  suggested(bot: Bot, chat: Chat): Command[];
};

const MOST_COMMANDS = 100;
const SCOPES = [
  ...['default', 'all_private_chats', 'all_group_chats', 'all_chat_administrators'],
  ...['chat', 'chat_administrators', 'chat_member'],
];

/** Keeps them in the store, by bot and scope; languages share a list here. */
export function createCommands(store: Store): Commands {
  const table = store.table<Command[]>('telegram-commands');
  const keyOf = (bot: Bot, scope: string): string => `${bot.id}/${scope}`;
  return {
    set: (bot, params) => table.put(keyOf(bot, readScope(params)), readCommands(params)),
    get: (bot, params) => table.get(keyOf(bot, readScope(params))) ?? [],
    remove: (bot, params) => table.remove(keyOf(bot, readScope(params))),
    suggested: (bot, chat) => {
      const kind = chat.type === 'private' ? 'all_private_chats' : 'all_group_chats';
      const scopes = [`chat:${chat.id}`, kind, 'default'];
      return scopes.map((scope) => table.get(keyOf(bot, scope)) ?? []).find(isFilled) ?? [];
    },
  };
}

const isFilled = (commands: Command[]): boolean => commands.length > 0;

function readScope(params: Params): string {
  const text = params.get('scope') ?? '';
  if (text === '') return 'default';
  const scope = jsonOf(params, 'scope') as { type?: unknown; chat_id?: unknown } | undefined;
  if (scope === undefined) throw refuse(400, "Can't parse BotCommandScope JSON object");
  const { type, chat_id: chatId } = scope;
  if (typeof type !== 'string' || !SCOPES.includes(type)) {
    throw refuse(400, "Can't parse BotCommandScope: Unsupported type specified");
  }
  const isOfChat = typeof chatId === 'string' || typeof chatId === 'number';
  return isOfChat ? `${type}:${chatId}` : type;
}

function readCommands(params: Params): Command[] {
  if ((params.get('commands') ?? '') === '') return [];
  const given = jsonOf(params, 'commands');
  if (given === undefined) throw refuse(400, "Can't parse commands JSON object");
  if (!Array.isArray(given)) throw refuse(400, 'Expected an Array of BotCommand');
  if (given.length > MOST_COMMANDS) throw refuse(400, 'BOT_COMMANDS_TOO_MUCH');
  return given.map(readCommand);
}

function readCommand(value: unknown): Command {
  const { command, description } = (value ?? {}) as Partial<Record<keyof Command, unknown>>;
  if (typeof command !== 'string' || typeof description !== 'string') {
    throw refuse(400, "Can't parse BotCommand: expected an Object");
  }
  const name = command.replace(/^\//, '');
  if (!/^[a-z0-9_]{1,32}$/.test(name)) throw refuse(400, 'BOT_COMMAND_INVALID');
  const text = description.trim();
  if (text === '' || [...text].length > 256) throw refuse(400, 'BOT_COMMAND_DESCRIPTION_INVALID');
  return { command: name, description: text };
}
