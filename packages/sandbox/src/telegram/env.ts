/** The part of the environment that Telegram is played with: the bots that telegram-relay has are known here. */
import { z } from 'zod';
import { defaultBots, TOKEN, type TelegramOptions } from './lifecycle/settings.ts';

const token = z.string().regex(TOKEN, 'expected <digits>:<35 letters, digits, _ or ->').optional();

/** Variables of telegram-relay, meaning the same here. */
export const telegramEnv = {
  TELEGRAM_LEADS_BOT_TOKEN: token,
  TELEGRAM_ADMIN_BOT_TOKEN: token,
  TELEGRAM_MENTOR_BOT_TOKEN: token,
};

type TelegramEnv = z.infer<z.ZodObject<typeof telegramEnv>>;

/** What the provider is given for these variables: a bot without one keeps the sandbox's own token. */
export function telegramOptionsFrom(env: TelegramEnv): TelegramOptions {
  const tokens: Record<string, string | undefined> = {
    leads: env.TELEGRAM_LEADS_BOT_TOKEN,
    admin: env.TELEGRAM_ADMIN_BOT_TOKEN,
    mentor: env.TELEGRAM_MENTOR_BOT_TOKEN,
  };
  return { bots: defaultBots.map((bot) => ({ ...bot, token: tokens[bot.name] ?? bot.token })) };
}
