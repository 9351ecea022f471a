/** The two channels with the providers behind them. */
import type { Bus } from '@leadwire/shared/bus';
import { createLimiter } from '@leadwire/shared/limiter';
import type { Log } from '@leadwire/shared/log';
import type { Metrics } from '@leadwire/shared/metrics';
import { createMobizon } from '@leadwire/shared/mobizon';
import { createCallTracker } from '@leadwire/shared/provider-call';
import { createResend } from '@leadwire/shared/resend';
import type { Templates } from '@leadwire/templates/templates';
import { createComposer } from './compose.ts';
import { createEmailChannel } from './email.ts';
import type { NotifierEnv } from './env.ts';
import { createSmsChannel } from './sms.ts';

interface Parts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
  templates: Templates;
}

/** What messages are sent through, and Mobizon itself. @throws Error when the configuration makes an SMS longer than one segment. */
export function createChannels(env: NotifierEnv, { bus, log, metrics, templates }: Parts) {
  const track = createCallTracker({ bus, metrics, log });
  const limit = (account: string, ratePerSecond: number) =>
    createLimiter({ bus, metrics, account, ratePerSecond });
  const composer = createComposer({
    templates,
    brand: env.BRAND_NAME,
    supportEmail: env.SUPPORT_EMAIL,
    publicBaseUrl: env.PUBLIC_BASE_URL,
  });
  const resend = createResend({
    apiKey: env.RESEND_API_KEY,
    baseUrl: env.RESEND_BASE_URL,
    limiter: limit('resend', env.RESEND_RATE_PER_SECOND),
    track,
  });
  const mobizon = createMobizon({
    apiKey: env.MOBIZON_API_KEY,
    baseUrl: env.MOBIZON_BASE_URL,
    limiter: limit('mobizon', env.MOBIZON_RATE_PER_SECOND),
    track,
  });
  const channels = {
    email: createEmailChannel({ resend, composer, from: env.RESEND_FROM_EMAIL }),
    sms: createSmsChannel({
      mobizon,
      composer,
      from: env.MOBIZON_FROM,
      listingLagMs: env.MOBIZON_LISTING_LAG_MS,
    }),
  };
  return { channels, mobizon };
}
