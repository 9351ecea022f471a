/** The two channels with the providers behind them. */
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { createResend } from '@leadwire/shared/providers/resend';
import { sendingAccounts, type AccountParts } from '@leadwire/shared/providers/accounts';
import type { Templates } from '@leadwire/templates/templates';
import { createComposer } from './compose.ts';
import { createEmailChannel } from './email.ts';
import type { NotifierEnv } from './env.ts';
import { createSmsChannel } from './sms.ts';

interface Parts extends AccountParts {
  templates: Templates;
}

/** What messages are sent through, and Mobizon itself. @throws Error when the configuration makes an SMS longer than one segment. */
export function createChannels(env: NotifierEnv, { templates, ...parts }: Parts) {
  const accounts = sendingAccounts(env, parts);
  const composer = createComposer({
    templates,
    brand: env.BRAND_NAME,
    supportEmail: env.SUPPORT_EMAIL,
    publicBaseUrl: env.PUBLIC_BASE_URL,
  });
  const resend = createResend(accounts.resend);
  const mobizon = createMobizon(accounts.mobizon);
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
