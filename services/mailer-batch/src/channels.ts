/** The two channels with the providers behind them. The accounts are the notifier's too: their limits are shared. */
import type { Bus } from '@leadwire/shared/bus';
import { createLimiter } from '@leadwire/shared/limiter';
import type { Log } from '@leadwire/shared/log';
import type { Metrics } from '@leadwire/shared/metrics';
import { createMobizon } from '@leadwire/shared/mobizon';
import { createMobizonCampaigns } from '@leadwire/shared/mobizon-campaigns';
import { createCallTracker } from '@leadwire/shared/provider-call';
import { createResend } from '@leadwire/shared/resend';
import type { MailerEnv } from './env.ts';
import { createMailChannel } from './mail-channel.ts';
import { createSmsChannel } from './sms.ts';

interface Parts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
}

/** `resend` and `mobizon` are also for test sends and reports. */
export function createChannels(env: MailerEnv, { bus, log, metrics }: Parts) {
  const track = createCallTracker({ bus, metrics, log });
  const limit = (account: string, ratePerSecond: number) =>
    createLimiter({ bus, metrics, account, ratePerSecond });
  const resend = createResend({
    apiKey: env.RESEND_API_KEY,
    baseUrl: env.RESEND_BASE_URL,
    limiter: limit('resend', env.RESEND_RATE_PER_SECOND),
    track,
  });
  const account = {
    apiKey: env.MOBIZON_API_KEY,
    baseUrl: env.MOBIZON_BASE_URL,
    limiter: limit('mobizon', env.MOBIZON_RATE_PER_SECOND),
    track,
  };
  const mobizon = createMobizon(account);
  const email = createMailChannel({
    resend,
    from: env.RESEND_FROM_EMAIL,
    publicBaseUrl: env.PUBLIC_BASE_URL,
    unsubscribeSecret: env.UNSUBSCRIBE_SECRET,
  });
  const sms = createSmsChannel({
    mobizon: createMobizonCampaigns(account),
    from: env.MOBIZON_FROM,
    listingLagMs: env.MOBIZON_LISTING_LAG_MS,
  });
  return { resend, mobizon, channels: { email, sms } };
}
