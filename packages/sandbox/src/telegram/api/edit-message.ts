/** Changing what a bot has shown: the text with its buttons, or the buttons alone. The ledger of effects keeps the first text. */
import { checkWrite, findChat } from './access.ts';
import { refuse } from './answers.ts';
import { readKeyboard } from './keyboard.ts';
import type { Method, MethodCall, TelegramParts } from './method.ts';
import type { Message } from '../store/records.ts';
import { readText } from '../store/text.ts';
import { wireMessage } from './wire.ts';

const NOT_MODIFIED =
  'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

/** Replaces text and buttons; without buttons there are none any more. */
export const editMessageText: Method = (call, parts) => {
  const formatted = readText(call.params);
  return edit(call, parts, (message) => ({ ...withButtons(message, call), ...formatted }));
};

/** Replaces the buttons alone. */
export const editMessageReplyMarkup: Method = (call, parts) =>
  edit(call, parts, (message) => withButtons(message, call));

function withButtons(message: Message, { params }: MethodCall): Message {
  const { buttons: _before, ...rest } = message;
  const buttons = readKeyboard(params);
  return buttons.length > 0 ? { ...rest, buttons } : rest;
}

function edit(call: MethodCall, parts: TelegramParts, change: (message: Message) => Message) {
  const { bot, params } = call;
  const { store, settings } = parts;
  const chat = findChat(bot, params, store);
  checkWrite(bot, chat, store, settings());
  const id = Number(params.get('message_id') ?? '');
  const message = store.messages(chat.key).find(({ messageId }) => messageId === id);
  if (message === undefined) throw refuse(400, 'message to edit not found');
  if (!('botId' in message.from) || message.from.botId !== bot.id) {
    throw refuse(400, "message can't be edited");
  }
  const changed = change(message);
  const isSame = (['text', 'entities', 'buttons'] as const).every(
    (field) => JSON.stringify(changed[field]) === JSON.stringify(message[field]),
  );
  if (isSame) throw refuse(400, NOT_MODIFIED);
  parts.rate.take(bot, chat);
  store.edit(changed);
  parts.world.changed();
  return { result: wireMessage(changed, store) };
}
