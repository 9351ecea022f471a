/**
 * Sends answers to people, one after the other in each chat, without holding anybody up. An answer is no
 * lead: it is tried for two minutes, never repeated when it may have arrived, and given up then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AmbiguousError, SnoozeError, TransientError, toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { ButtonChange, Message, BotSender } from './pace.ts';

const PATIENCE_MS = 2 * 60_000;
const PAUSE_MS = 2_000;
/** A group may be sent 20 messages a minute, leads among them: somebody who plays with a bot gets the rest. */
const MOST_PER_MINUTE = 8;
/** Anybody can write to a bot from any number of chats; of so many it is known how much they asked. */
const MOST_CHATS = 10_000;

export interface Answerer {
  /** Returns at once. */
  answer(message: Message): void;
  /** Tells whoever pressed a button, and shows other buttons under the message. Returns at once. */
  answerPress(queryId: string, text: string, change?: ButtonChange): void;
  /** Resolves when nothing is under way; what waits for its turn is given up. */
  stop(): Promise<void>;
}

export interface AnswererOptions {
  sender: Pick<BotSender, 'bot' | 'turn' | 'say' | 'answerPress' | 'setButtons'>;
  log: Log;
  now?: () => number;
}

export function createAnswerer({ sender, log, now = Date.now }: AnswererOptions): Answerer {
  const { bot } = sender;
  const over = new AbortController();
  const lines = new Map<string, Promise<void>>();
  const answeredAt = new Map<string, number[]>();

  const isTooMany = (chatId: string): boolean => {
    const recent = (answeredAt.get(chatId) ?? []).filter((at) => at > now() - 60_000);
    const isFull = recent.length >= MOST_PER_MINUTE;
    // Again at the end: the first ones are those who asked longest ago.
    answeredAt.delete(chatId);
    answeredAt.set(chatId, isFull ? recent : [...recent, now()]);
    const [longestAgo] = answeredAt.keys();
    if (answeredAt.size > MOST_CHATS && longestAgo !== undefined) answeredAt.delete(longestAgo);
    return isFull;
  };

  const send = async (chatId: string, act: () => Promise<unknown>): Promise<void> => {
    const deadline = now() + PATIENCE_MS;
    for (;;) {
      try {
        await sender.turn(chatId);
        await act();
        return;
      } catch (thrown) {
        const waitMs = waitBefore(thrown);
        if (waitMs === undefined || now() + waitMs > deadline || over.signal.aborted) throw thrown;
        await delay(waitMs, undefined, { signal: over.signal });
      }
    }
  };

  /** One after the other in each chat. */
  const inLine = (chatId: string, act: () => Promise<unknown>): void => {
    const line = (lines.get(chatId) ?? Promise.resolve())
      .then(() => send(chatId, act))
      .then(() => log.info({ bot, chatId }, 'answered'))
      .catch((thrown: unknown) => log.warn({ bot, chatId, err: toError(thrown) }, 'no answer'))
      .finally(() => {
        if (lines.get(chatId) === line) lines.delete(chatId);
      });
    lines.set(chatId, line);
  };

  return {
    answer(message) {
      const { chatId } = message;
      if (isTooMany(chatId)) log.warn({ bot, chatId }, 'too many questions: no answer');
      else inLine(chatId, () => sender.say(message));
    },
    answerPress(queryId, text, change) {
      // No message: it has no turn of its own, and is worth nothing later.
      sender.answerPress(queryId, text).catch((thrown: unknown) => {
        log.warn({ bot, err: toError(thrown) }, 'a press was not answered');
      });
      if (change) inLine(change.chatId, () => sender.setButtons(change));
    },
    async stop() {
      over.abort();
      await Promise.all(lines.values());
    },
  };
}

/** Milliseconds until it makes sense to try again, or undefined: it may have arrived, or never will. */
function waitBefore(thrown: unknown): number | undefined {
  if (thrown instanceof SnoozeError) return thrown.retryAfterMs;
  if (thrown instanceof AmbiguousError) return undefined;
  if (thrown instanceof TransientError) return thrown.retryAfterMs ?? PAUSE_MS;
  return undefined;
}
