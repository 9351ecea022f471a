import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { readEnv } from '@leadwire/shared/runtime/env';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { envSchema } from './env.ts';
import { startFormsMirror } from './forms-mirror.ts';
import { startTextsMirror } from './texts-mirror.ts';
import { startKeepingRejects } from './keep-rejects.ts';
import { startRetention } from './retention.ts';
import { createLeadStore, createTripwireStore } from './handler.ts';

const env = readEnv(envSchema);
const log = createLog('lead-store', env.LOG_LEVEL);
const metrics = createMetrics('lead-store');
const bus = openBus({ url: env.NATS_URL, name: 'lead-store', log, replicas: env.NATS_REPLICAS });

const landingDatabase = createDatabase({
  project: 'landing',
  url: env.LANDING_SUPABASE_URL,
  serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
});
const landing = createLeadStore(landingDatabase);
const tripwire = createTripwireStore(
  createDatabase({
    project: 'tripwire',
    url: env.TRIPWIRE_SUPABASE_URL,
    serviceKey: env.TRIPWIRE_SERVICE_ROLE_KEY,
  }),
);

const parts = { bus, log, metrics };
const lead = z.discriminatedUnion('type', [
  eventSchemas['lead.created.v1'],
  eventSchemas['lead.quarantined.v1'],
  eventSchemas['lead.released.v1'],
]);
const delivery = eventSchemas['delivery.recorded.v1'];
const call = eventSchemas['provider.called.v1'];
const deal = eventSchemas['crm.recorded.v1'];
const audit = eventSchemas['audit.recorded.v1'];
const reject = eventSchemas['intake.rejected.v1'];
const sale = z.discriminatedUnion('type', [
  eventSchemas['sale.recorded.v1'],
  eventSchemas['sale.refunded.v1'],
]);

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
  // The two projects are written independently: one that is down does not keep the other waiting.
  consume: () => [
    startConsumer({
      ...parts,
      durable: 'lead-store-leads',
      schema: lead,
      handle: landing.storeLead,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-deliveries',
      schema: delivery,
      handle: landing.storeOutcome,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-crm',
      schema: deal,
      handle: landing.storeDeal,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-calls',
      schema: call,
      handle: landing.storeCall,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-audit',
      schema: audit,
      handle: landing.storeAudit,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-rejects',
      schema: reject,
      handle: landing.storeReject,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-sales',
      schema: sale,
      handle: landing.storeSale,
    }),
    startConsumer({
      ...parts,
      durable: 'lead-store-students',
      schema: eventSchemas['student.created.v1'],
      handle: landing.storeStudent,
    }),
    startFormsMirror(bus, landingDatabase, log),
    startTextsMirror(bus, landingDatabase, log),
    startKeepingRejects(landingDatabase, log),
    startRetention(env, landingDatabase, log),
    startConsumer({
      ...parts,
      durable: 'tripwire-leads',
      schema: lead,
      handle: tripwire.storeLead,
    }),
    startConsumer({
      ...parts,
      durable: 'tripwire-deliveries',
      schema: delivery,
      handle: tripwire.storeOutcome,
    }),
  ],
});
