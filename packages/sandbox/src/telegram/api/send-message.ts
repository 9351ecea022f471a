/** sendMessage: the text is judged first, then the chat, then the pace; what passes is shown, once for each call. */
import { checkWrite, findChat } from './access.ts';
import { refuse } from './answers.ts';
import type { Method, MethodCall, TelegramParts } from './method.ts';
import { readKeyboard } from './keyboard.ts';
import { flag, jsonOf } from './params.ts';
import type { Bot, Chat, Message } from '../store/records.ts';
import { readText } from '../store/text.ts';
import { wireMessage } from './wire.ts';

/** Shows a message. Throws the refusals of the Bot API; an accepted call is never noticed to be a repeat. */
export const sendMessage: Method = (call, parts) => {
  const { bot, params } = call;
  const { store, settings } = parts;
  const formatted = readText(params);
  const buttons = readKeyboard(params);
  const chat = findChat(bot, params, store);
  checkWrite(bot, chat, store, settings());
  const threadId = readThread(call, chat);
  const replyTo = readReply(call, chat, parts);
  parts.rate.take(bot, chat);
  const message = parts.world.store.transaction(() => {
    const from = { botId: bot.id };
    const rows = buttons.length > 0 && { buttons };
    const shown = store.post(chat, { from, ...formatted, threadId, replyTo, ...rows });
    record(shown, bot, chat, parts);
    return shown;
  });
  parts.plans.shown(bot, chat);
  parts.world.changed();
  return { result: wireMessage(message, store) };
};

function record(message: Message, bot: Bot, chat: Chat, { world, store }: TelegramParts): void {
  const person = chat.personId === null ? undefined : store.person(chat.personId);
  world.effects.record({
    provider: 'telegram',
    kind: 'message',
    id: `${chat.key}/${message.messageId}`,
    to: [String(chat.id)],
    chatId: String(chat.id),
    messageId: message.messageId,
    chatTitle: person?.firstName ?? chat.title,
    bot: bot.name,
    text: message.text,
    entities: message.entities,
    threadId: message.threadId,
  });
}

function readThread({ params }: MethodCall, chat: Chat): number | null {
  const named = params.get('message_thread_id') ?? '';
  const threadId = Number(named);
  // Without a topic a message of a forum appears in General, which is thread 1.
  if (named === '' || threadId === 0) {
    if (chat.topics['1'] === 'closed') throw refuse(400, 'TOPIC_CLOSED');
    return null;
  }
  const state = chat.topics[named];
  if (state === undefined) throw refuse(400, 'message thread not found');
  if (state === 'closed') throw refuse(400, 'TOPIC_CLOSED');
  return threadId;
}

function readReply({ params }: MethodCall, chat: Chat, { store }: TelegramParts): number | null {
  const given = jsonOf(params, 'reply_parameters') as
    { message_id?: unknown; allow_sending_without_reply?: unknown } | undefined;
  const named = Number(given?.message_id ?? params.get('reply_to_message_id') ?? 0);
  if (!Number.isInteger(named) || named === 0) return null;
  if (store.messages(chat.key).some(({ messageId }) => messageId === named)) return named;
  const isOptional =
    given?.allow_sending_without_reply === true || flag(params, 'allow_sending_without_reply');
  if (isOptional) return null;
  throw refuse(400, 'message to be replied not found');
}
