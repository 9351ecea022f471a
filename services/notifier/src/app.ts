/** The service's parts, put together. */
import { randomUUID } from 'node:crypto';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import {
  eventSchemas,
  leadTakenSchema,
  type NotificationDue,
} from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createRescue } from '@leadwire/shared/delivery/rescue';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { startBalanceWatch } from './balance-watch.ts';
import { createChannels } from './channels.ts';
import { envSchema, type NotifierEnv } from './env.ts';
import { createBouncedAddresses } from './bounced.ts';
import { createGates } from './gates.ts';
import { refuseDearSms } from './compose.ts';
import { createNotifier } from './handler.ts';
import { createOwnMessages } from './own-messages.ts';
import { createPublisher } from './publisher.ts';
import { SWEEP_BACK_MS, startRescue } from './rescue.ts';

/** As many mails as an account of a few calls a second can use: more would only stand in its line. */
const FEWEST_AT_ONCE = 8;
/** A mail takes up to so long on a busy machine from the look at the ledger to the end, in seconds. */
const MAIL_SECONDS = 0.6;

async function create(env: NotifierEnv, parts: AppParts): Promise<AppWork> {
  const { bus, log, metrics } = parts;
  const ownMessages = await createOwnMessages({
    bus,
    log,
    refuse: (name, templates) =>
      refuseDearSms(templates, name, { brand: env.BRAND_NAME, publicBaseUrl: env.PUBLIC_BASE_URL }),
  });
  const { channels, mobizon } = createChannels(env, { ...parts, templates: ownMessages.templates });
  const bounced = createBouncedAddresses(bus, env.CONTACT_HASH_SECRET);
  const { gate, measures } = createGates(env, { ...parts, channels, bounced });

  const { planLead, planMessage, sendDue, giveUp } = createNotifier({
    ledger: createLedger(bus),
    shortLinks: createShortLinks(bus),
    secretLinks: createSecretLinks(bus),
    publisher: createPublisher(bus, metrics),
    channels,
    gate,
    owner: randomUUID(),
    delayMs: env.NOTIFY_DELAY_MS,
    maxAgeMs: env.NOTIFY_MAX_AGE_MS,
    linkFor: ({ kind }) => (kind === 'proftest' ? env.PROFTEST_RESULT_URL : env.COURSE_URL),
  });

  const onLead = { ...parts, schema: leadTakenSchema, handle: planLead };
  const onMessage = { ...parts, schema: eventSchemas['message.requested.v1'], handle: planMessage };
  const onDue = {
    ...parts,
    schema: eventSchemas['notification.due.v1'],
    handle: async (event: NotificationDue) => {
      await ownMessages.known();
      await sendDue(event);
    },
    giveUp,
  };

  const watchBalance = () =>
    startBalanceWatch({
      mobizon,
      log,
      alerts: createAlerts(bus),
      below: env.MOBIZON_BALANCE_ALERT_BELOW,
      price: env.MOBIZON_SMS_PRICE,
      everyMs: env.MOBIZON_BALANCE_CHECK_MS,
      onBalance: (balance) => measures.balance.set(balance),
    });

  const sweep = createRescue(bus, { since: new Date(Date.now() - SWEEP_BACK_MS) });

  return {
    consume: () => [
      ownMessages.start(),
      startConsumer({ ...onLead, durable: 'notifier-plan' }),
      startConsumer({ ...onMessage, durable: 'notifier-messages' }),
      startConsumer({ ...onDue, durable: 'notifier-email', atMost: mailsAtOnce(env) }),
      startConsumer({ ...onDue, durable: 'notifier-sms' }),
      startConsumer({
        ...parts,
        durable: 'notifier-bounces',
        schema: eventSchemas['contact.suppressed.v1'],
        handle: (event) => bounced.note(event),
      }),
      startRescue(sweep, log),
      ...(env.SMS_ENABLED ? [watchBalance()] : []),
    ],
  };
}

export const app: App<NotifierEnv> = {
  name: 'notifier',
  schema: envSchema,
  create,
};

function mailsAtOnce({ RESEND_RATE_PER_SECOND: ratePerSecond }: NotifierEnv): number {
  return Math.max(FEWEST_AT_ONCE, Math.ceil(ratePerSecond * MAIL_SECONDS));
}
