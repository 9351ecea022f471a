/**
 * The accounts at Resend and Mobizon that the notifier and the campaigns share. Both services read the
 * same variables and keep the same two limits, under the same names, so that together they stay within them.
 */
import type { ProcessParts } from '../broker/process-parts.ts';
import { z } from 'zod';
import { isMobileOf } from '../contacts/mobile-numbers.ts';
import { baseUrl, milliseconds, needs } from '../runtime/env.ts';
import { createLimiter } from '../coordination/rate-limiter.ts';
import { createCallTracker } from './call-log.ts';

const rate = (fallback: number) =>
  z.coerce
    .number('expected requests per second')
    .positive('expected requests per second, more than 0')
    .default(fallback);

/** What a service that sends mail and SMS reads. */
export const sendingEnv = {
  BRAND_NAME: z.string().min(1, 'expected the name that people know').default('Leadwire'),
  SUPPORT_EMAIL: z.email('expected a mail address').optional(),
  PUBLIC_BASE_URL: baseUrl('the public address of landing-api'),
  RESEND_API_KEY: z.string().min(1, 'expected a Resend API key (re_…)'),
  RESEND_BASE_URL: baseUrl('the Resend API').default('https://api.resend.com'),
  RESEND_FROM_EMAIL: z.string().min(3, 'expected a sender: Name <address@your-domain>'),
  RESEND_RATE_PER_SECOND: rate(5),
  /** `false`: no SMS at all, and no key needed. */
  SMS_ENABLED: z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .default('true')
    .transform((text) => text === 'true'),
  /** Where an SMS may be paid for: ISO 3166-1, two letters each. */
  SMS_COUNTRIES: z
    .string()
    .default('KZ')
    .transform((text) => text.split(',').map((country) => country.trim().toUpperCase()))
    .refine(
      (countries) => countries.every((country) => /^[A-Z]{2}$/.test(country)),
      'expected countries such as KZ or KZ,RU',
    ),
  /** Tenge for one segment: for the estimate of a campaign, and to know when the balance covers no more. */
  MOBIZON_SMS_PRICE: z.coerce.number('expected a price in tenge').min(0).default(16.2),
  MOBIZON_API_KEY: z.string().min(1, 'expected a Mobizon API key').optional(),
  MOBIZON_BASE_URL: baseUrl('the Mobizon API').default('https://api.mobizon.kz'),
  MOBIZON_FROM: z.string().min(1, 'expected a registered sender name').optional(),
  MOBIZON_RATE_PER_SECOND: rate(2),
  MOBIZON_LISTING_LAG_MS: milliseconds(2 * 60_000),
};
/** For `.check()` of such a service's schema. */
export const needsSmsKey = needs(
  (env) => env['SMS_ENABLED'] === true,
  ['MOBIZON_API_KEY'],
  'a Mobizon API key; or SMS_ENABLED=false, to send no SMS',
);
export type SendingEnv = z.infer<z.ZodObject<typeof sendingEnv>>;

/**
 * Why no SMS may be paid for to this E.164 number, one token, or undefined. Numbers come from strangers' forms and from
 * lists that nobody has looked through.
 */
export function smsRefusal(
  { SMS_ENABLED, SMS_COUNTRIES }: Pick<SendingEnv, 'SMS_ENABLED' | 'SMS_COUNTRIES'>,
  phone: string,
): 'sms_off' | 'sms_not_allowed' | undefined {
  if (!SMS_ENABLED) return 'sms_off';
  return isMobileOf(phone, SMS_COUNTRIES) ? undefined : 'sms_not_allowed';
}

/** How clients reach the two accounts: address, key, the shared limit, and the log of integrations. */
export function sendingAccounts(env: SendingEnv, { bus, log, metrics }: ProcessParts) {
  const track = createCallTracker({ bus, metrics, log });
  const limit = (account: string, ratePerSecond: number) =>
    createLimiter({ bus, metrics, account, ratePerSecond });
  return {
    resend: {
      apiKey: env.RESEND_API_KEY,
      baseUrl: env.RESEND_BASE_URL,
      limiter: limit('resend', env.RESEND_RATE_PER_SECOND),
      track,
    },
    mobizon: {
      apiKey: env.MOBIZON_API_KEY ?? '',
      baseUrl: env.MOBIZON_BASE_URL,
      smsPrice: env.MOBIZON_SMS_PRICE,
      limiter: limit('mobizon', env.MOBIZON_RATE_PER_SECOND),
      track,
    },
  };
}
