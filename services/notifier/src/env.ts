import { baseUrl, commonEnv, milliseconds } from '@leadwire/shared/env';
import { z } from 'zod';

const rate = (fallback: number) =>
  z.coerce
    .number('expected requests per second')
    .positive('expected requests per second, more than 0')
    .default(fallback);

export const envSchema = z.object({
  ...commonEnv({ port: 3101 }),
  NOTIFY_DELAY_MS: milliseconds(10 * 60_000),
  NOTIFY_MAX_AGE_MS: milliseconds(24 * 60 * 60_000),
  BRAND_NAME: z.string().min(1, 'expected the name that people know').default('Leadwire'),
  SUPPORT_EMAIL: z.email('expected a mail address').optional(),
  PUBLIC_BASE_URL: baseUrl('the public address of landing-api'),
  PROFTEST_RESULT_URL: baseUrl('the page with test results'),
  COURSE_URL: baseUrl('the page of the course'),
  RESEND_API_KEY: z.string().min(1, 'expected a Resend API key (re_…)'),
  RESEND_BASE_URL: baseUrl('the Resend API').default('https://api.resend.com'),
  RESEND_FROM_EMAIL: z.string().min(3, 'expected a sender: Name <address@your-domain>'),
  RESEND_RATE_PER_SECOND: rate(5),
  MOBIZON_API_KEY: z.string().min(1, 'expected a Mobizon API key'),
  MOBIZON_BASE_URL: baseUrl('the Mobizon API').default('https://api.mobizon.kz'),
  MOBIZON_FROM: z.string().min(1, 'expected a registered sender name').optional(),
  MOBIZON_RATE_PER_SECOND: rate(2),
  MOBIZON_BALANCE_ALERT_BELOW: z.coerce
    .number('expected an amount of money')
    .min(0, 'expected an amount of money, 0 or more')
    .default(1_000),
  MOBIZON_LISTING_LAG_MS: milliseconds(2 * 60_000),
});
export type NotifierEnv = z.infer<typeof envSchema>;
