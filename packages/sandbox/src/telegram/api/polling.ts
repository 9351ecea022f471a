/** getUpdates: one poller at a time, waiting as long as it asked for, confirming by the offset. */
import type { World } from '../../world/provider.ts';
import { refuse, type TelegramError } from './answers.ts';
import { jsonOf, wholeNumber, type Params } from './params.ts';
import type { Bot } from '../store/records.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';
import { wireUpdate, type Updates } from '../store/updates.ts';

const MOST_UPDATES = 100;
/** Client.cpp, LONG_POLL_MAX_TIMEOUT. */
const LONGEST_POLL_S = 50;
const ANY_OFFSET = 2 ** 52;

const OTHER_POLLER =
  'terminated by other getUpdates request; make sure that only one bot instance is running';
const WEBHOOK_ACTIVE =
  "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

export type Polling = {
  /** Answers with updates. Throws 409 when a webhook is set, or when another poller came meanwhile. */
  getUpdates(bot: Bot, params: Params): Promise<Record<string, unknown>[]>;
  /** setWebhook throws the waiting poller out. */
  interrupt(bot: Bot): void;
  /** When the bot last asked, in virtual milliseconds. */
  lastSeen(bot: Bot): number | undefined;
  reset(): void;
};

type Finish = (error: TelegramError | null) => void;

/** Waits are on the virtual clock. */
export function createPolling(
  world: World,
  settings: () => TelegramSettings,
  updates: Updates,
  hasWebhook: (bot: Bot) => boolean,
): Polling {
  const { clock, changed } = world;
  const waiting = new Map<number, Finish>();
  const seen = new Map<number, number>();
  const conflicts = createConflicts(world, settings);
  const news = (bot: Bot, seconds: number): Promise<TelegramError | null> =>
    new Promise((resolve) => {
      const finish: Finish = (error) => {
        if (waiting.get(bot.id) === finish) waiting.delete(bot.id);
        resolve(error);
      };
      waiting.set(bot.id, finish);
      clock.schedule(clock.now() + seconds * 1000, () => finish(null));
    });
  const getUpdates: Polling['getUpdates'] = async (bot, params) => {
    if (!seen.has(bot.id)) changed();
    seen.set(bot.id, clock.now());
    if (hasWebhook(bot)) await conflicts.meet(bot, refuse(409, WEBHOOK_ACTIVE));
    const timeout = wholeNumber(params, 'timeout', { fallback: 0, least: 0, most: LONGEST_POLL_S });
    const allowed = jsonOf(params, 'allowed_updates');
    if (Array.isArray(allowed)) updates.allow(bot, allowed.map(String));
    waiting.get(bot.id)?.(refuse(409, OTHER_POLLER));
    const ready = take(bot, params, updates);
    if (ready.length > 0 || timeout === 0) return ready;
    const error = await news(bot, timeout);
    if (error !== null) await conflicts.meet(bot, error);
    return take(bot, params, updates);
  };
  updates.listen((bot) => waiting.get(bot.id)?.(null));
  return {
    getUpdates,
    interrupt: (bot) => waiting.get(bot.id)?.(refuse(409, 'terminated by setWebhook request')),
    lastSeen: (bot) => seen.get(bot.id),
    reset: () => {
      seen.clear();
      for (const finish of [...waiting.values()]) finish(null);
      conflicts.reset();
    },
  };
}

/** A poller that comes back at once would only meet the next conflict: the server makes the second one wait. */
function createConflicts({ clock }: World, settings: () => TelegramSettings) {
  /** Bot id -> until when a conflict is answered late. */
  const lateUntil = new Map<number, number>();
  return {
    /** Throws the error, now or later. */
    meet: async (bot: Bot, error: TelegramError): Promise<never> => {
      const { conflictDelayMs } = settings();
      const now = clock.now();
      if (now < (lateUntil.get(bot.id) ?? 0)) await clock.wait(conflictDelayMs);
      else lateUntil.set(bot.id, now + conflictDelayMs);
      throw error;
    },
    reset: () => lateUntil.clear(),
  };
}

/** Confirms what lies before the offset and returns what lies behind; a negative offset counts from the end. */
function take(bot: Bot, params: Params, updates: Updates): Record<string, unknown>[] {
  const offset = wholeNumber(params, 'offset', {
    fallback: 0,
    least: -ANY_OFFSET,
    most: ANY_OFFSET,
  });
  const limit = wholeNumber(params, 'limit', { fallback: 100, least: 1, most: MOST_UPDATES });
  const all = updates.pending(bot);
  const first = offset < 0 ? (all.at(offset)?.id ?? all[0]?.id ?? 0) : offset;
  for (const { id } of all) if (id < first) updates.confirm(bot, id);
  const rest = all.filter(({ id }) => id >= first);
  return [...updates.takeRepeated(bot), ...rest].slice(0, limit).map(wireUpdate);
}
