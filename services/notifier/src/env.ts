import {
  baseUrl,
  commonEnv,
  milliseconds,
  needs,
  secret,
  together,
  welcomeLink,
} from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { needsSmsKey, sendingEnv } from '@leadwire/shared/providers/accounts';
import { smsBudgetEnv } from '@leadwire/shared/delivery/sms-budget';
import { quietHoursEnv } from '@leadwire/shared/runtime/quiet-hours';
import { z } from 'zod';

const perDay = (fallback: number) =>
  z.coerce
    .number('expected a number of messages')
    .int('expected a number of messages')
    .min(1, 'expected a number of messages, 1 or more')
    .default(fallback);

export const envSchema = z
  .object({
    ...commonEnv({ port: 3101 }),
    ...accessEnv,
    ...sendingEnv,
    NOTIFY_DELAY_MS: milliseconds(10 * 60_000),
    NOTIFY_MAX_AGE_MS: milliseconds(24 * 60 * 60_000),
    PROFTEST_RESULT_URL: baseUrl('the page with test results'),
    COURSE_URL: baseUrl('the page of the course'),
    CONTACT_HASH_SECRET: secret,
    PERSON_SMS_PER_DAY: perDay(2),
    PERSON_MAIL_PER_DAY: perDay(6),
    ...smsBudgetEnv,
    LEAD_SMS_QUIET_HOURS: quietHoursEnv,
    /** While the balance does not fall; the faster it falls, the sooner. */
    MOBIZON_BALANCE_CHECK_MS: milliseconds(15 * 60_000),
    MOBIZON_BALANCE_ALERT_BELOW: z.coerce
      .number('expected an amount of money')
      .min(0, 'expected an amount of money, 0 or more')
      .default(1_000),
    /** The second mail provider; without an account every mail waits for Resend. */
    MAILGUN_API_KEY: z.string().min(1, 'expected a Mailgun API key').optional(),
    MAILGUN_DOMAIN: z.string().min(3, 'expected the sending domain at Mailgun').optional(),
    MAILGUN_BASE_URL: baseUrl('the Mailgun API').default('https://api.mailgun.net'),
    MAILGUN_FROM_EMAIL: z
      .string()
      .min(3, 'expected a sender: Name <address@your-domain>')
      .optional(),
    MAILGUN_RATE_PER_SECOND: z.coerce
      .number('expected requests per second')
      .positive('expected requests per second, more than 0')
      .default(5),
    MAILGUN_EVENTS_LAG_MS: milliseconds(30 * 60_000),
    MAIL_FALLBACK_AFTER_MS: milliseconds(2 * 60_000),
    WELCOME_LINK: welcomeLink,
    TRIPWIRE_SUPABASE_URL: baseUrl('the Tripwire project').optional(),
    TRIPWIRE_SERVICE_ROLE_KEY: z.string().min(1, 'expected its service key').optional(),
  })
  .check(needsSmsKey)
  .check(together('MAILGUN_API_KEY', 'MAILGUN_DOMAIN'))
  .check(
    needs(
      (env) => env['WELCOME_LINK'] === 'supabase',
      ['TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'],
      'with WELCOME_LINK=supabase',
    ),
  );
export type NotifierEnv = z.infer<typeof envSchema>;

export const MAILGUN_INCOMPLETE =
  'MAILGUN_API_KEY and MAILGUN_DOMAIN belong together: set both or none';
export const WELCOME_INCOMPLETE =
  'WELCOME_LINK=supabase needs TRIPWIRE_SUPABASE_URL and TRIPWIRE_SERVICE_ROLE_KEY';
