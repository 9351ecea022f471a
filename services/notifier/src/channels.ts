/** The two channels with the providers behind them. */
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import { createOutages } from '@leadwire/shared/coordination/outages';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { createCallTracker } from '@leadwire/shared/providers/call-log';
import { createMailgun } from '@leadwire/shared/providers/mailgun';
import { createResend, type ResendClient } from '@leadwire/shared/providers/resend';
import { sendingAccounts, smsRefusal } from '@leadwire/shared/providers/accounts';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import type { Templates } from '@leadwire/templates/templates';
import { createComposer } from './compose.ts';
import { createEmailChannel } from './email.ts';
import { MAILGUN_INCOMPLETE, WELCOME_INCOMPLETE, type NotifierEnv } from './env.ts';
import { createAuthLinks, createLinkFor, type LinkFor } from './link-for.ts';
import { createMailFallback } from './mail-fallback.ts';
import { createMailgunSender, createResendSender } from './mail-senders.ts';
import { watchedBy } from './outages.ts';
import { createSmsChannel } from './sms.ts';

interface Parts extends ProcessParts {
  templates: Templates;
}

/**
 * What messages are sent through, and Mobizon itself.
 * @throws Error when the configuration makes an SMS longer than one segment, or names an account by half.
 */
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
  const linkFor = createLinks(env, parts);
  const second = createSecond(env, parts, resend, linkFor);
  const { bus, log } = parts;
  const watch = watchedBy(createOutages({ bus, log, alerts: createAlerts(bus) }));
  const first = createResendSender({ resend, linkFor, fallback: second?.fallback });
  const channels = {
    email: createEmailChannel({
      composer,
      from: env.RESEND_FROM_EMAIL,
      // With a second service it is the fallback that tells, and mails do not wait.
      resend: second ? first : watch(first),
      second: second && { sender: watch(second.sender), fallback: second.fallback },
    }),
    sms: createSmsChannel({
      mobizon,
      composer,
      from: env.MOBIZON_FROM,
      refusal: (phone) => smsRefusal(env, phone),
      watch,
      listingLagMs: env.MOBIZON_LISTING_LAG_MS,
    }),
  };
  return { channels, mobizon };
}

function createLinks(env: NotifierEnv, parts: ProcessParts): LinkFor {
  const links = createSecretLinks(parts.bus);
  if (env.WELCOME_LINK === 'platform') return createLinkFor({ links });
  const { TRIPWIRE_SUPABASE_URL: url, TRIPWIRE_SERVICE_ROLE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) throw new Error(WELCOME_INCOMPLETE);
  const track = createCallTracker(parts);
  return createLinkFor({ links, make: createAuthLinks({ url, serviceKey, track }) });
}

/** Mailgun, where an account is configured. */
function createSecond(
  env: NotifierEnv,
  parts: ProcessParts,
  resend: ResendClient,
  linkFor: LinkFor,
) {
  const { MAILGUN_API_KEY: apiKey, MAILGUN_DOMAIN: domain } = env;
  if (apiKey === undefined && domain === undefined) return undefined;
  if (apiKey === undefined || domain === undefined) throw new Error(MAILGUN_INCOMPLETE);
  const { bus, log, metrics } = parts;
  const limiter = createLimiter({
    bus,
    metrics,
    account: 'mailgun',
    ratePerSecond: env.MAILGUN_RATE_PER_SECOND,
  });
  const track = createCallTracker(parts);
  const mailgun = createMailgun({ apiKey, domain, baseUrl: env.MAILGUN_BASE_URL, limiter, track });
  return {
    sender: createMailgunSender({
      mailgun,
      from: env.MAILGUN_FROM_EMAIL ?? env.RESEND_FROM_EMAIL,
      eventsLagMs: env.MAILGUN_EVENTS_LAG_MS,
      linkFor,
    }),
    fallback: createMailFallback({
      bus,
      log,
      alerts: createAlerts(bus),
      ping: () => resend.ping(),
      afterMs: env.MAIL_FALLBACK_AFTER_MS,
    }),
  };
}
