/** The service's parts, put together. */
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { createDatabase, databaseStopped } from '@leadwire/shared/providers/supabase';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import { z } from 'zod';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { createCodeCarrier } from './codes.ts';
import { createTellReferrer } from './commission-message.ts';
import { envSchema, referralProjectOf, type ReferralsEnv } from './env.ts';
import { createHandlers } from './handler.ts';
import { createSettle, tellReferrers } from './settle.ts';
import { createReferralStore } from './store.ts';

/** Referrers are told, and rows that people write (referrers, tiers, approvals) seen, after this time. */
const LOOK_EVERY_MS = 5_000;

function create(env: ReferralsEnv, parts: AppParts): AppWork {
  const { bus, log } = parts;
  const project = referralProjectOf(env);
  const database = createDatabase(project);
  const work = { ...parts, stopNames: [databaseStopped(project.project)] as const };
  const store = createReferralStore(database);
  const alerts = createAlerts(bus);
  const settle = createSettle({ store, alerts, log });
  const tell = createTellReferrer(bus);
  const carryCodes = createCodeCarrier(bus, database, log);
  const { onLead, onSale, onFact } = createHandlers({ store, settle, log });

  return {
    consume: () => [
      startConsumer({
        ...work,
        durable: 'referrals-leads',
        schema: leadTakenSchema,
        handle: onLead,
      }),
      startConsumer({
        ...work,
        durable: 'referrals-sales',
        schema: z.discriminatedUnion('type', [
          eventSchemas['sale.recorded.v1'],
          eventSchemas['sale.refunded.v1'],
        ]),
        handle: onSale,
      }),
      startConsumer({
        ...work,
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
  };
}

export const app: App<ReferralsEnv> = {
  name: 'referrals',
  schema: envSchema,
  create,
};
