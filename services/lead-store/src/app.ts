/** The service's parts, put together. */
import { startConsumer, type Handler } from '@leadwire/shared/consumer/consumer';
import type { ConsumerName } from '@leadwire/shared/contract/consumers';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createOutages } from '@leadwire/shared/coordination/outages';
import { createDatabase, databaseStopped } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { envSchema, type LeadStoreEnv } from './env.ts';
import { startFormsMirror } from './forms-mirror.ts';
import { startTextsMirror } from './texts-mirror.ts';
import { startKeepingRejects } from './keep-rejects.ts';
import { startRetention } from './retention.ts';
import { createLeadStore, createTripwireStore } from './handler.ts';

const leadSchema = z.discriminatedUnion('type', [
  eventSchemas['lead.created.v1'],
  eventSchemas['lead.quarantined.v1'],
  eventSchemas['lead.released.v1'],
]);
const dealSchema = z.discriminatedUnion('type', [
  eventSchemas['crm.recorded.v1'],
  eventSchemas['lead.assigned.v1'],
]);
const saleSchema = z.discriminatedUnion('type', [
  eventSchemas['sale.recorded.v1'],
  eventSchemas['sale.refunded.v1'],
]);

function create(env: LeadStoreEnv, parts: AppParts): AppWork {
  const { bus, log } = parts;
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

  const outages = createOutages({ bus, alerts: createAlerts(bus), log });

  const consume = <Schema extends z.ZodType>(
    durable: ConsumerName,
    schema: Schema,
    handle: Handler<z.infer<Schema>>,
  ) => {
    const project = durable.startsWith('tripwire-') ? 'tripwire' : 'landing';
    const stopNames = [databaseStopped(project)];
    const watched: Handler<z.infer<Schema>> = (event, context) =>
      outages.observe(`supabase-${project}`, () => handle(event, context));
    return startConsumer({ ...parts, durable, schema, handle: watched, stopNames });
  };

  return {
    // The two projects are written independently: one that is down does not keep the other waiting.
    consume: () => [
      consume('lead-store-leads', leadSchema, landing.storeLead),
      consume('lead-store-deliveries', eventSchemas['delivery.recorded.v1'], landing.storeOutcome),
      consume('lead-store-crm', dealSchema, (event) =>
        event.type === 'lead.assigned.v1'
          ? landing.storeAssignment(event)
          : landing.storeDeal(event),
      ),
      consume('lead-store-calls', eventSchemas['provider.called.v1'], landing.storeCall),
      consume('lead-store-audit', eventSchemas['audit.recorded.v1'], landing.storeAudit),
      consume('lead-store-rejects', eventSchemas['intake.rejected.v1'], landing.storeReject),
      consume('lead-store-sales', saleSchema, landing.storeSale),
      consume('lead-store-students', eventSchemas['student.created.v1'], landing.storeStudent),
      startFormsMirror(bus, landingDatabase, log),
      startTextsMirror(bus, landingDatabase, log),
      startKeepingRejects(landingDatabase, log),
      startRetention(env, landingDatabase, log),
      consume('tripwire-leads', leadSchema, tripwire.storeLead),
      consume('tripwire-deliveries', eventSchemas['delivery.recorded.v1'], tripwire.storeOutcome),
    ],
  };
}

export const app: App<LeadStoreEnv> = {
  name: 'lead-store',
  schema: envSchema,
  create,
};
