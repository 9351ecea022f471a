/** Presses of buttons: each is a callback query that the bot answers once, with words that the person sees for a moment. */
import type { World } from '../../world/provider.ts';
import { refuse } from '../api/answers.ts';
import { flag, type Params } from '../api/params.ts';
import { wireMessage, wirePerson } from '../api/wire.ts';
import type { TelegramStore } from './telegram-store.ts';
import type { Bot, Message, Person } from './records.ts';
import type { Updates } from './updates.ts';

/** Bot API manual, answerCallbackQuery. */
const MOST_ANSWER_CHARACTERS = 200;

export type Press = {
  id: string;
  botId: number;
  /** What the bot answered; null until it has. */
  answer: { text: string; isAlert: boolean } | null;
};

export type Presses = {
  /** A person presses the button with this data; the bot hears of it. */
  press(bot: Bot, message: Message, person: Person, data: string): Press;
  find(id: string): Press | undefined;
  /** answerCallbackQuery. */
  answer(bot: Bot, params: Params): void;
};

type Parts = { world: World; store: TelegramStore; updates: Updates };

/** Keeps presses in the store. */
export function createPresses({ world, store, updates }: Parts): Presses {
  const table = world.store.table<Press>('telegram-presses');
  return {
    press: (bot, message, person, data) => {
      const id = String(4_000_000_000_000 + table.size() + 1);
      const press: Press = { id, botId: bot.id, answer: null };
      table.put(id, press);
      updates.push(bot, message.chatKey, 'callback_query', {
        id,
        from: wirePerson(person),
        message: wireMessage(message, store),
        chat_instance: message.chatKey,
        data,
      });
      return press;
    },
    find: (id) => table.get(id),
    answer: (bot, params) => {
      const press = table.get(params.get('callback_query_id') ?? '');
      if (press?.botId !== bot.id || press.answer !== null) {
        throw refuse(400, 'query is too old and response timeout expired or query ID is invalid');
      }
      const text = params.get('text') ?? '';
      if ([...text].length > MOST_ANSWER_CHARACTERS) throw refuse(400, 'MESSAGE_TOO_LONG');
      table.put(press.id, { ...press, answer: { text, isAlert: flag(params, 'show_alert') } });
    },
  };
}
