/** The three limits of messages: a bot's in all, a chat's pace, a group's minute. And the waits for who crosses them. */
import { tooMany } from './answers.ts';
import type { Bot, Chat } from '../store/records.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** A wait of a bot in one chat, or in all of them (null). */
export type Wait = { botId: number; chatKey: string | null; seconds: number };

const keyOf = (bot: Bot, chat: Chat | null): string => `${bot.id}/${chat?.key ?? ''}`;

/** Counts in memory, on the virtual clock: a restarted sandbox has forgotten who was too fast. */
export class RateLimit {
  #arrivals = new Map<string, number[]>();
  /** When a chat's bucket is full again (the theoretical arrival time of GCRA). */
  #pace = new Map<string, number>();
  #waits = new Map<string, Wait & { until: number }>();
  readonly #settings: () => TelegramSettings;
  readonly #now: () => number;

  constructor(settings: () => TelegramSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Counts one message of `bot` into `chat`. Throws 429 with the seconds to wait. */
  take(bot: Bot, chat: Chat): void {
    const { ratePerSecond, chatRatePerSecond, groupRatePerMinute } = this.#settings();
    const now = this.#now();
    this.#checkWait(bot, null);
    this.#checkWait(bot, chat);
    const key = keyOf(bot, chat);
    const all = this.#recent(keyOf(bot, null), SECOND_MS);
    const ofChat = this.#recent(key, MINUTE_MS);
    const beyondAll = this.#beyond(all, ratePerSecond, SECOND_MS);
    if (beyondAll > 0) this.#refuse(bot, null, beyondAll);
    const limit = chat.type === 'private' ? Infinity : groupRatePerMinute;
    const beyond = Math.max(this.#beyond(ofChat, limit, MINUTE_MS), this.#beyondPace(key));
    if (beyond > 0) this.#refuse(bot, chat, beyond);
    all.push(now);
    ofChat.push(now);
    const paced = Math.max(this.#pace.get(key) ?? 0, now);
    this.#pace.set(key, paced + SECOND_MS / chatRatePerSecond);
  }

  /** From now on the bot is refused in this chat for so many seconds, whatever it has sent; null: in every chat. */
  punish(bot: Bot, chat: Chat | null, seconds: number): void {
    const until = this.#now() + seconds * SECOND_MS;
    const wait = { botId: bot.id, chatKey: chat?.key ?? null, seconds, until };
    this.#waits.set(keyOf(bot, chat), wait);
  }

  /** The waits that hold at this moment, with the seconds that are left. */
  waits(): Wait[] {
    return [...this.#waits.values()]
      .map(({ botId, chatKey, until }) => ({ botId, chatKey, seconds: this.#secondsTo(until) }))
      .filter(({ seconds }) => seconds > 0);
  }

  /** Forgets everything. */
  reset(): void {
    this.#arrivals.clear();
    this.#pace.clear();
    this.#waits.clear();
  }

  #secondsTo(until: number): number {
    return Math.ceil((until - this.#now()) / SECOND_MS);
  }

  #recent(key: string, span: number): number[] {
    const kept = (this.#arrivals.get(key) ?? []).filter((at) => this.#now() - at < span);
    this.#arrivals.set(key, kept);
    return kept;
  }

  /** How many milliseconds too early one more call would be; 0 or less when it is not. */
  #beyond(times: number[], limit: number, span: number): number {
    return times.length < limit ? 0 : (times[times.length - limit] ?? 0) + span - this.#now();
  }

  #beyondPace(key: string): number {
    const { chatRatePerSecond, chatBurst } = this.#settings();
    const slack = ((chatBurst - 1) * SECOND_MS) / chatRatePerSecond;
    return (this.#pace.get(key) ?? 0) - slack - this.#now();
  }

  #refuse(bot: Bot, chat: Chat | null, ms: number): never {
    const seconds = Math.max(Math.ceil(ms / SECOND_MS), this.#settings().leastRetryAfterSeconds);
    this.punish(bot, chat, seconds);
    throw tooMany(seconds);
  }

  #checkWait(bot: Bot, chat: Chat | null): void {
    const wait = this.#waits.get(keyOf(bot, chat));
    if (wait === undefined || wait.until <= this.#now()) return;
    if (this.#settings().penaltyExtends) this.#refuse(bot, chat, wait.seconds * SECOND_MS);
    throw tooMany(this.#secondsTo(wait.until));
  }
}
