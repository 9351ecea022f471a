/** Leads of before, as lead-store's table has them: it knows those that are older than Leadwire too. */
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import type { TelegramRelayEnv } from '../env.ts';

const rowSchema = z.object({
  id: z.uuid(),
  name: z.string().nullable(),
  kind: z.string().nullable(),
  source: z.string().nullable(),
  created_at: z.string().transform((at) => new Date(at)),
  amocrm_stage: z.string().nullable(),
});
export type KnownLead = z.output<typeof rowSchema>;

/** The leads with this number or address, the newest first. @throws as Database. */
export type LeadLookup = (contact: { phone?: string; email?: string }) => Promise<KnownLead[]>;

/** Undefined without a database to ask. */
export function createLeadLookup(env: TelegramRelayEnv): LeadLookup | undefined {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) return undefined;
  return lookupIn(createDatabase({ project: 'landing', url, serviceKey }));
}

function lookupIn(database: Pick<Database, 'call'>): LeadLookup {
  return ({ phone = null, email = null }) =>
    database.call(
      'leadwire_leads_of',
      { wanted_phone: phone, wanted_email: email },
      z.array(rowSchema),
    );
}
