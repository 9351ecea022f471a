/** The two channels with the providers behind them. The accounts are the notifier's too: their limits are shared. */
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { createMobizonCampaigns } from '@leadwire/shared/providers/mobizon/campaigns';
import { createResend } from '@leadwire/shared/providers/resend';
import { sendingAccounts, type AccountParts } from '@leadwire/shared/providers/accounts';
import type { MailerEnv } from '../env.ts';
import { createMailChannel } from './mail-channel.ts';
import { createSmsChannel } from './sms-channel.ts';

/** `resend` and `mobizon` are also for test sends and reports. */
export function createChannels(env: MailerEnv, parts: AccountParts) {
  const accounts = sendingAccounts(env, parts);
  const resend = createResend(accounts.resend);
  const mobizon = createMobizon(accounts.mobizon);
  const email = createMailChannel({
    resend,
    from: env.RESEND_FROM_EMAIL,
    publicBaseUrl: env.PUBLIC_BASE_URL,
    unsubscribeSecret: env.UNSUBSCRIBE_SECRET,
  });
  const sms = createSmsChannel({
    mobizon: createMobizonCampaigns(accounts.mobizon),
    from: env.MOBIZON_FROM,
    listingLagMs: env.MOBIZON_LISTING_LAG_MS,
  });
  return { resend, mobizon, channels: { email, sms } };
}
