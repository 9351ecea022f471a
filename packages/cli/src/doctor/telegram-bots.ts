/** Telegram's bots for one command: asked once, without a limit to share. */
import {
  createTelegram,
  type BotName,
  type TelegramClient,
} from '@leadwire/shared/providers/telegram/bot-api';
import { z } from 'zod';
import type { CliEnv } from '../env.ts';

/** Which variable holds the bot's token. */
export const TOKEN_NAMES = {
  leads: 'TELEGRAM_LEADS_BOT_TOKEN',
  admin: 'TELEGRAM_ADMIN_BOT_TOKEN',
  mentor: 'TELEGRAM_MENTOR_BOT_TOKEN',
} as const satisfies Record<BotName, keyof CliEnv>;

const meSchema = z.object({ username: z.string() });

/** The bot, or undefined without its token. */
export function openBot(env: CliEnv, bot: BotName): TelegramClient | undefined {
  const token = env[TOKEN_NAMES[bot]];
  if (token === undefined) return undefined;
  const track = <T>(_action: string, _context: object, call: () => Promise<T>) => call();
  return createTelegram({ bot, token, baseUrl: env.TELEGRAM_BASE_URL, track });
}

/** What people write after @. @throws what the Bot API answers. */
export async function readUsername(bot: TelegramClient): Promise<string> {
  return meSchema.parse(await bot.call('getMe')).username;
}

/** The same, or undefined when it cannot be found out. */
export async function usernameOf(env: CliEnv, bot: BotName): Promise<string | undefined> {
  const client = openBot(env, bot);
  return client && readUsername(client).catch(() => undefined);
}
