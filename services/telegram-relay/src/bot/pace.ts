/**
 * Telegram's limits, held by all processes together: messages a minute to one group, messages a second
 * of one bot (https://core.telegram.org/bots/faq, "My bot is hitting limits"). A chat that answers 429
 * waits alone; when several do, it is the bot that is too fast.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  ChannelStoppedError,
  PermanentError,
  SnoozeError,
  TransientError,
} from '@leadwire/shared/errors';
import { createLimiter, type Limiter } from '@leadwire/shared/coordination/rate-limiter';
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import type { CallContext } from '@leadwire/shared/providers/call-log';
import { ChatError, type TelegramClient } from '@leadwire/shared/providers/telegram/bot-api';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { z } from 'zod';

/** Private chats: about one message a second. */
const PRIVATE_RATE_PER_SECOND = 1;
/** A turn that is further away than this is not waited for with a message in hand. */
const PATIENCE_MS = 10_000;
/** So many chats told to wait within so long: it is the bot. */
const CHATS_OF_A_LIMITED_BOT = 3;
const REMEMBER_MS = 30_000;
/** Chats whose limiters are at hand. */
const MOST_CHATS = 5_000;
/** Whoever does not answer the simplest question in this time is down. */
const ANSWERS_MS = 5_000;

/** A press of it comes back with `data`, at most 64 bytes. */
export interface Button {
  text: string;
  data: string;
}

/** What somebody is in a chat; `unknown` where Telegram does not tell a bot. */
export type Role = 'administrator' | 'member' | 'stranger' | 'unknown';

export interface ButtonChange {
  chatId: string;
  messageId: number;
  buttons: readonly (readonly Button[])[];
}

export interface Message {
  chatId: string;
  /** Telegram's HTML, at most 4096 characters. */
  html: string;
  threadId?: number | undefined;
  /** Rows of them. */
  buttons?: readonly (readonly Button[])[] | undefined;
}

/** A bot that keeps to the limits. */
export interface BotSender extends Pick<TelegramClient, 'bot' | 'botId' | 'call'> {
  /**
   * Waits until this chat may be written to once more. To be called before claims, which must not age.
   * @throws SnoozeError when that is far away; TransientError when the broker does not answer.
   */
  turn(chatId: string): Promise<void>;
  /**
   * Sends one message; returns Telegram's id of it. A 429 makes everybody who writes to this chat wait.
   * @throws as TelegramClient.call.
   */
  say(message: Message, context?: CallContext): Promise<string>;
  /** Shows other buttons under a message; those that are there already are fine. @throws as TelegramClient.call. */
  setButtons(change: ButtonChange): Promise<void>;
  /** The words that whoever pressed a button sees for a moment. @throws as TelegramClient.call. */
  answerPress(queryId: string, text: string): Promise<void>;
  /** What this person is in the chat. @throws TransientError, SnoozeError, ChannelStoppedError. */
  roleOf(chatId: string, userId: string): Promise<Role>;
  /** Whether Telegram answers the bot at all just now. */
  answers(): Promise<boolean>;
  /** Whether the bot is in the chat. @throws as TelegramClient.call. */
  isMember(chatId: string): Promise<boolean>;
}

export interface PaceOptions {
  bus: Bus;
  metrics: Metrics;
  groupRatePerMinute: number;
  ratePerSecond: number;
  now?: () => number;
}

const memberSchema = z.object({ status: z.string(), is_member: z.boolean().optional() });
const sentSchema = z.object({ message_id: z.number().int() });

export function createPace(client: TelegramClient, options: PaceOptions): BotSender {
  const { bus, metrics, now = Date.now } = options;
  const limit = (account: string, ratePerSecond: number) =>
    createLimiter({ bus, metrics, account: `telegram.${account}`, ratePerSecond });
  const ofBot = limit(client.bot, options.ratePerSecond);
  const ofChats = new Map<string, Limiter>();
  const limitedAt = new Map<string, number>();

  const ofChat = (chatId: string): Limiter => {
    const known = ofChats.get(chatId);
    if (known) return known;
    const isGroup = chatId.startsWith('-');
    const rate = isGroup ? options.groupRatePerMinute / 60 : PRIVATE_RATE_PER_SECOND;
    const made = limit(`${client.bot}.${chatId}`, rate);
    ofChats.set(chatId, made);
    // What it knows is in the broker; the mentor bot talks to anybody.
    dropOldest(ofChats, MOST_CHATS);
    return made;
  };

  /** Everybody waits as told; throws what the message's handler has to hear. */
  const obey = async (chatId: string, wait: SnoozeError): Promise<never> => {
    await ofChat(chatId).pauseFor(wait.retryAfterMs);
    limitedAt.set(chatId, now());
    for (const [chat, at] of limitedAt) if (at < now() - REMEMBER_MS) limitedAt.delete(chat);
    if (limitedAt.size < CHATS_OF_A_LIMITED_BOT) throw wait;
    await ofBot.pauseFor(wait.retryAfterMs);
    throw new ChannelStoppedError(
      `Telegram limits the whole bot "${client.bot}": ${limitedAt.size} chats were told to wait`,
      { what: `telegram-${client.bot}_limited`, retryAfterMs: wait.retryAfterMs },
    );
  };

  return {
    bot: client.bot,
    botId: client.botId,
    call: (...given) => client.call(...given),

    async turn(chatId) {
      const waitMs = Math.max(await ofChat(chatId).waitMs(), await ofBot.waitMs());
      if (waitMs > PATIENCE_MS) throw new SnoozeError('it is not this chat’s turn', waitMs);
      await ofChat(chatId).acquire();
      await ofBot.acquire();
    },

    async say({ chatId, html, threadId, buttons }, context) {
      const message = {
        chat_id: chatId,
        text: html,
        parse_mode: 'HTML',
        link_preview_options: { is_disabled: true },
        ...(threadId !== undefined && { message_thread_id: threadId }),
        ...(buttons !== undefined && { reply_markup: keyboardOf(buttons) }),
      };
      try {
        const result = await client.call('sendMessage', message, context ? { context } : {});
        return String(sentSchema.parse(result).message_id);
      } catch (thrown) {
        if (thrown instanceof SnoozeError) return obey(chatId, thrown);
        throw thrown;
      }
    },

    async setButtons({ chatId, messageId, buttons }) {
      const change = { chat_id: chatId, message_id: messageId, reply_markup: keyboardOf(buttons) };
      try {
        await client.call('editMessageReplyMarkup', change);
      } catch (thrown) {
        if (thrown instanceof SnoozeError) return obey(chatId, thrown);
        const isThere = thrown instanceof PermanentError && /not modified/.test(thrown.message);
        if (!isThere) throw thrown;
      }
    },

    async answerPress(queryId, text) {
      await client.call('answerCallbackQuery', { callback_query_id: queryId, text });
    },

    async roleOf(chatId, userId) {
      try {
        const asked = { chat_id: chatId, user_id: Number(userId) };
        const member = memberSchema.parse(await client.call('getChatMember', asked));
        if (['creator', 'administrator'].includes(member.status)) return 'administrator';
        const isOut = ['left', 'kicked'].includes(member.status) || member.is_member === false;
        return isOut ? 'stranger' : 'member';
      } catch (thrown) {
        if (thrown instanceof ChatError || thrown instanceof PermanentError) return 'unknown';
        throw thrown;
      }
    },

    async answers() {
      try {
        await client.call('getMe', {}, { timeoutMs: ANSWERS_MS });
        return true;
      } catch (thrown) {
        return !(thrown instanceof TransientError);
      }
    },

    async isMember(chatId) {
      try {
        const ofUs = { chat_id: chatId, user_id: client.botId };
        const member = memberSchema.parse(await client.call('getChatMember', ofUs));
        return !['left', 'kicked'].includes(member.status) && member.is_member !== false;
      } catch (thrown) {
        if (thrown instanceof ChatError) return false;
        throw thrown;
      }
    },
  };
}

function keyboardOf(buttons: readonly (readonly Button[])[]) {
  const rows = buttons.map((row) => row.map(({ text, data }) => ({ text, callback_data: data })));
  return { inline_keyboard: rows };
}
