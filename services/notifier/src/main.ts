import { randomUUID } from 'node:crypto';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import { readEnv } from '@leadwire/shared/runtime/env';
import {
  eventSchemas,
  leadTakenSchema,
  type NotificationDue,
} from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createRescue } from '@leadwire/shared/delivery/rescue';
import { startBalanceWatch } from './balance-watch.ts';
import { createChannels } from './channels.ts';
import { envSchema } from './env.ts';
import { createBouncedAddresses } from './bounced.ts';
import { createGates } from './gates.ts';
import { refuseDearSms } from './compose.ts';
import { createNotifier } from './handler.ts';
import { createOwnMessages } from './own-messages.ts';
import { createPublisher } from './publisher.ts';
import { SWEEP_BACK_MS, startRescue } from './rescue.ts';

const env = readEnv(envSchema);
const log = createLog('notifier', env.LOG_LEVEL);
const metrics = createMetrics('notifier');
const bus = openBus({ url: env.NATS_URL, name: 'notifier', log, replicas: env.NATS_REPLICAS });
const ownMessages = await createOwnMessages({
  bus,
  log,
  refuse: (name, templates) =>
    refuseDearSms(templates, name, { brand: env.BRAND_NAME, publicBaseUrl: env.PUBLIC_BASE_URL }),
});
const parts = { bus, log, metrics };
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

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
  consume: () => [
    ownMessages.start(),
    startConsumer({ ...onLead, durable: 'notifier-plan' }),
    startConsumer({ ...onMessage, durable: 'notifier-messages' }),
    startConsumer({ ...onDue, durable: 'notifier-email' }),
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
});
