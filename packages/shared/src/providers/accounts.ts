/**
 * The accounts at Resend and Mobizon that the notifier and the campaigns share. Both services read the
 * same variables and keep the same two limits, under the same names, so that together they stay within them.
 */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { baseUrl, milliseconds } from '../runtime/env.ts';
import { createLimiter } from '../coordination/rate-limiter.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
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
  MOBIZON_API_KEY: z.string().min(1, 'expected a Mobizon API key'),
  MOBIZON_BASE_URL: baseUrl('the Mobizon API').default('https://api.mobizon.kz'),
  MOBIZON_FROM: z.string().min(1, 'expected a registered sender name').optional(),
  MOBIZON_RATE_PER_SECOND: rate(2),
  MOBIZON_LISTING_LAG_MS: milliseconds(2 * 60_000),
};
export type SendingEnv = z.infer<z.ZodObject<typeof sendingEnv>>;

export interface AccountParts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
}

/** How clients reach the two accounts: address, key, the shared limit, and the log of integrations. */
export function sendingAccounts(env: SendingEnv, { bus, log, metrics }: AccountParts) {
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
      apiKey: env.MOBIZON_API_KEY,
      baseUrl: env.MOBIZON_BASE_URL,
      limiter: limit('mobizon', env.MOBIZON_RATE_PER_SECOND),
      track,
    },
  };
}
