import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { z } from 'zod';
import { createCodeCarrier } from './codes.ts';
import { createTellReferrer } from './commission-message.ts';
import { envSchema, referralProjectOf } from './env.ts';
import { createHandlers } from './handler.ts';
import { createSettle, tellReferrers } from './settle.ts';
import { createReferralStore } from './store.ts';

const NAME = 'referrals';
/** Referrers are told, and rows that people write (referrers, tiers, approvals) seen, after this time. */
const LOOK_EVERY_MS = 5_000;

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
const database = createDatabase(referralProjectOf(env));
const store = createReferralStore(database);
const alerts = createAlerts(bus);
const settle = createSettle({ store, alerts, log });
const tell = createTellReferrer(bus);
const carryCodes = createCodeCarrier(bus, database, log);
const { onLead, onSale, onFact } = createHandlers({ store, settle, log });

const parts = { bus, log, metrics };

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
  consume: () => [
    startConsumer({
      ...parts,
      durable: 'referrals-leads',
      schema: leadTakenSchema,
      handle: onLead,
    }),
    startConsumer({
      ...parts,
      durable: 'referrals-sales',
      schema: z.discriminatedUnion('type', [
        eventSchemas['sale.recorded.v1'],
        eventSchemas['sale.refunded.v1'],
      ]),
      handle: onSale,
    }),
    startConsumer({
      ...parts,
      durable: 'referrals-facts',
      schema: z.discriminatedUnion('type', [
        eventSchemas['referrer.registered.v1'],
        eventSchemas['referral.clicked.v1'],
      ]),
      handle: onFact,
    }),
    startPeriodic({
      name: 'referrals-look',
      everyMs: LOOK_EVERY_MS,
      onError: (error) => log.warn({ err: error }, 'open sales could not be looked at'),
      async work() {
        await carryCodes();
        await settle();
        await tellReferrers(store, tell);
      },
    }),
  ],
});
