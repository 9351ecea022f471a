/** The Bot API's methods by name, in lower case: the server does not look at the case either. */
import { checkRead, findChat } from './access.ts';
import { refuse } from './answers.ts';
import { editMessageReplyMarkup, editMessageText } from './edit-message.ts';
import type { Method, MethodCall, TelegramParts } from './method.ts';
import { isIn, type Chat } from '../store/records.ts';
import { sendMessage } from './send-message.ts';
import { wireBot, wireChat, wireMember, wirePerson } from './wire.ts';

/** Name -> what it does. Anything else is "method not found". */
export const methods: Record<string, Method> = {
  getme: ({ bot }) => ({
    result: {
      ...wireBot(bot),
      can_join_groups: true,
      can_read_all_group_messages: bot.readsAll,
      supports_inline_queries: false,
      can_connect_to_business: false,
      has_main_web_app: false,
    },
  }),
  sendmessage: sendMessage,
  editmessagetext: editMessageText,
  editmessagereplymarkup: editMessageReplyMarkup,
  answercallbackquery: ({ bot, params }, { presses }) => {
    presses.answer(bot, params);
    return { result: true };
  },
  getupdates: async ({ bot, params }, { polling }) => ({
    result: await polling.getUpdates(bot, params),
  }),
  setwebhook: ({ bot, params }, { hooks, polling }) => {
    const description = hooks.set(bot, params);
    if (hooks.of(bot) !== undefined) polling.interrupt(bot);
    return { result: true, description };
  },
  deletewebhook: ({ bot, params }, { hooks }) => ({
    result: true,
    description: hooks.remove(bot, params),
  }),
  getwebhookinfo: ({ bot }, { hooks }) => ({ result: hooks.info(bot) }),
  setmycommands: ({ bot, params }, { commands, world }) => {
    commands.set(bot, params);
    world.changed();
    return { result: true };
  },
  getmycommands: ({ bot, params }, { commands }) => ({ result: commands.get(bot, params) }),
  deletemycommands: ({ bot, params }, { commands }) => {
    commands.remove(bot, params);
    return { result: true };
  },
  getchat: (call, parts) => ({ result: describeChat(readableChat(call, parts), parts) }),
  getchatmember: (call, parts) => ({
    result: describeMember(call, readableChat(call, parts), parts),
  }),
  leavechat: (call, parts) => {
    const chat = readableChat(call, parts);
    if (chat.type === 'private')
      throw refuse(400, "chat member status can't be changed in private chats");
    const isMember = isIn(chat.members[call.bot.id]) && !chat.deleted && chat.migratedTo === null;
    if (isMember) parts.actions.removeBot(chat, call.bot, 'left', null);
    return { result: true };
  },
};

function readableChat({ bot, params }: MethodCall, { store }: TelegramParts): Chat {
  const chat = findChat(bot, params, store);
  checkRead(bot, chat);
  return chat;
}

function describeChat(chat: Chat, { store }: TelegramParts): Record<string, unknown> {
  return {
    ...wireChat(chat, store),
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {
      unlimited_gifts: false,
      limited_gifts: false,
      unique_gifts: false,
      premium_subscription: false,
    },
    ...(chat.type !== 'private' && {
      permissions: { can_send_messages: true, can_invite_users: true, can_change_info: false },
    }),
  };
}

function describeMember({ params }: MethodCall, chat: Chat, { store }: TelegramParts): unknown {
  const userId = Number(params.get('user_id') ?? '');
  if (!Number.isInteger(userId) || userId === 0) throw refuse(400, 'invalid user_id specified');
  const bot = store.bots().find(({ id }) => id === userId);
  if (bot !== undefined) return wireMember(wireBot(bot), chat.members[bot.id] ?? 'left');
  const person = store.person(userId);
  if (person === undefined) throw refuse(400, 'PARTICIPANT_ID_INVALID');
  const [creator] = store.people();
  const isCreator = chat.type !== 'private' && creator?.id === person.id;
  const status = chat.people?.[person.id] ?? (isCreator ? 'creator' : 'member');
  return wireMember(wirePerson(person), status);
}
