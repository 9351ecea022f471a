import {
  baseUrl,
  commonEnv,
  hourOfDay,
  milliseconds,
  needs,
  ownSecret,
  timeZone,
  together,
} from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { botToken } from '@leadwire/shared/providers/telegram/bot-api';
import { z } from 'zod';

const rate = (what: string, fallback: number) =>
  z.coerce
    .number(`expected messages per ${what}`)
    .positive(`expected messages per ${what}, more than 0`)
    .default(fallback);

export const envSchema = z
  .object({
    ...commonEnv({ port: 3104 }),
    ...accessEnv,
    TELEGRAM_BASE_URL: baseUrl('the Bot API').default('https://api.telegram.org'),
    TELEGRAM_LEADS_BOT_TOKEN: botToken.optional(),
    TELEGRAM_ADMIN_BOT_TOKEN: botToken.optional(),
    TELEGRAM_MENTOR_BOT_TOKEN: botToken.optional(),
    TELEGRAM_PUBLIC_URL: baseUrl('the public address of telegram-relay').optional(),
    TELEGRAM_WEBHOOK_SECRET: ownSecret(16)
      .regex(/^[A-Za-z0-9_-]{16,256}$/, 'expected 16 to 256 letters, digits, _ and -')
      .optional(),
    TELEGRAM_GROUP_RATE_PER_MINUTE: rate('minute', 20),
    TELEGRAM_RATE_PER_SECOND: rate('second', 30),
    TELEGRAM_DEAL_WAIT_MS: milliseconds(3_000),
    TELEGRAM_PAUSED_RETRY_MS: milliseconds(90_000),
    TELEGRAM_POLLER_LEASE_MS: milliseconds(20_000),
    TELEGRAM_DIGEST_HOUR: hourOfDay(9),
    TIME_ZONE: timeZone,
    AMOCRM_BASE_URL: baseUrl('your account: https://<name>.amocrm.ru').optional(),
    LEAD_LINK_BASE_URL: baseUrl('where a lead can be looked at').optional(),
    CONSOLE_URL: baseUrl('the address of the console').optional(),
    LANDING_API_URL: baseUrl('landing-api').optional(),
    LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
    LANDING_SUPABASE_SERVICE_KEY: z
      .string()
      .min(20, 'expected the service key of the project')
      .optional(),
  })
  .check(together('LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY'))
  .check(
    needs(
      (env) => env['TELEGRAM_PUBLIC_URL'] !== undefined,
      ['TELEGRAM_WEBHOOK_SECRET'],
      'with TELEGRAM_PUBLIC_URL: anybody could send us updates without it',
    ),
  );
export type TelegramRelayEnv = z.infer<typeof envSchema>;
