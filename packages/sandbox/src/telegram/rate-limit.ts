/** The three limits of messages: a bot's in all, a chat's pace, a group's minute. And the waits for who crosses them. */
import { tooMany } from './answers.ts';
import type { Bot, Chat } from './records.ts';
import type { TelegramSettings } from './settings.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

export type RateLimit = {
  /** Counts one message of `bot` into `chat`. Throws 429 with the seconds to wait. */
  take(bot: Bot, chat: Chat): void;
  /** From now on the bot is refused in this chat for so many seconds, whatever it has sent; null: in every chat. */
  punish(bot: Bot, chat: Chat | null, seconds: number): void;
  /** The waits that hold at this moment, in seconds: by bot, or by bot and chat. */
  waits(): { botId: number; chatKey: string | null; seconds: number }[];
  reset(): void;
};

type Wait = { botId: number; chatKey: string | null; until: number; seconds: number };

/** In memory, on the virtual clock: a restarted sandbox has forgotten who was too fast. */
export function createRateLimit(settings: () => TelegramSettings, now: () => number): RateLimit {
  let arrivals = new Map<string, number[]>();
  /** When a chat's bucket is full again (the theoretical arrival time of GCRA). */
  let pace = new Map<string, number>();
  let waits = new Map<string, Wait>();

  const keyOf = (bot: Bot, chat: Chat | null): string => `${bot.id}/${chat?.key ?? ''}`;
  const recent = (key: string, span: number): number[] => {
    const kept = (arrivals.get(key) ?? []).filter((at) => now() - at < span);
    arrivals.set(key, kept);
    return kept;
  };
  const overflow = (times: number[], limit: number, span: number): number =>
    times.length < limit ? 0 : (times[times.length - limit] ?? 0) + span - now();
  const overPace = (key: string): number => {
    const { chatRatePerSecond, chatBurst } = settings();
    const slack = ((chatBurst - 1) * SECOND_MS) / chatRatePerSecond;
    return (pace.get(key) ?? 0) - slack - now();
  };
  const punish = (bot: Bot, chat: Chat | null, seconds: number): void => {
    const until = now() + seconds * SECOND_MS;
    waits.set(keyOf(bot, chat), { botId: bot.id, chatKey: chat?.key ?? null, until, seconds });
  };
  const refuseFor = (bot: Bot, chat: Chat | null, ms: number): never => {
    const seconds = Math.max(Math.ceil(ms / SECOND_MS), settings().leastRetryAfterSeconds);
    punish(bot, chat, seconds);
    throw tooMany(seconds);
  };
  const checkWait = (bot: Bot, chat: Chat | null): void => {
    const wait = waits.get(keyOf(bot, chat));
    if (wait === undefined || wait.until <= now()) return;
    if (settings().penaltyExtends) refuseFor(bot, chat, wait.seconds * SECOND_MS);
    throw tooMany(Math.ceil((wait.until - now()) / SECOND_MS));
  };
  return {
    take: (bot, chat) => {
      const { ratePerSecond, chatRatePerSecond, groupRatePerMinute } = settings();
      const key = keyOf(bot, chat);
      checkWait(bot, null);
      checkWait(bot, chat);
      const all = recent(keyOf(bot, null), SECOND_MS);
      const ofChat = recent(key, MINUTE_MS);
      const beyondAll = overflow(all, ratePerSecond, SECOND_MS);
      if (beyondAll > 0) refuseFor(bot, null, beyondAll);
      const limit = chat.type === 'private' ? Infinity : groupRatePerMinute;
      const beyond = Math.max(overflow(ofChat, limit, MINUTE_MS), overPace(key));
      if (beyond > 0) refuseFor(bot, chat, beyond);
      all.push(now());
      ofChat.push(now());
      pace.set(key, Math.max(pace.get(key) ?? 0, now()) + SECOND_MS / chatRatePerSecond);
    },
    punish,
    waits: () =>
      [...waits.values()]
        .filter(({ until }) => until > now())
        .map(({ botId, chatKey, until }) => ({
          ...{ botId, chatKey },
          seconds: Math.ceil((until - now()) / SECOND_MS),
        })),
    reset: () => {
      arrivals = new Map();
      pace = new Map();
      waits = new Map();
    },
  };
}
