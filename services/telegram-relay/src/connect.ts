/** Telegram as this service uses it: up to three bots, one pace for all processes, one book of groups. */
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { createCallTracker } from '@leadwire/shared/providers/call-log';
import { createTelegram, type BotName } from '@leadwire/shared/providers/telegram/bot-api';
import type { TelegramRelayEnv } from './env.ts';
import { tellOfGroups } from './groups/group-alerts.ts';
import { createBackoff } from './groups/backoff.ts';
import { createGroupStore } from './groups/group-store.ts';
import { createPace, type BotSender } from './bot/pace.ts';

/** A group that refuses us for days is tried this often. */
const LONGEST_PAUSE_MS = 30 * 60_000;

/** The bots that have a token; a bot that has none is said once, here. */
export type Bots = Partial<Record<BotName, BotSender>>;

/** What handlers need. */
export function connectTelegram(env: TelegramRelayEnv, parts: ProcessParts) {
  const groups = createGroupStore(parts.bus);
  const firstMs = env.TELEGRAM_PAUSED_RETRY_MS;
  const refusals = createBackoff({ firstMs, longestMs: Math.max(firstMs, LONGEST_PAUSE_MS) });
  tellOfGroups(groups, createAlerts(parts.bus), parts.log);
  return { bots: createBots(env, parts), groups, refusals };
}

function createBots(env: TelegramRelayEnv, { bus, log, metrics }: ProcessParts): Bots {
  const tokens: Record<BotName, string | undefined> = {
    leads: env.TELEGRAM_LEADS_BOT_TOKEN,
    admin: env.TELEGRAM_ADMIN_BOT_TOKEN,
    mentor: env.TELEGRAM_MENTOR_BOT_TOKEN,
  };
  const track = createCallTracker({ bus, metrics, log });
  const bots: Bots = {};
  for (const bot of ['leads', 'admin', 'mentor'] as const) {
    const token = tokens[bot];
    if (token === undefined) {
      log.warn({ bot }, `the bot is off: TELEGRAM_${bot.toUpperCase()}_BOT_TOKEN is not given`);
      continue;
    }
    const client = createTelegram({ bot, token, baseUrl: env.TELEGRAM_BASE_URL, track });
    bots[bot] = createPace(client, {
      bus,
      metrics,
      groupRatePerMinute: env.TELEGRAM_GROUP_RATE_PER_MINUTE,
      ratePerSecond: env.TELEGRAM_RATE_PER_SECOND,
    });
  }
  return bots;
}
