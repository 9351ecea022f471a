/** Leads of before, as lead-store's table has them: it knows those that are older than Leadwire too. */
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import type { TelegramRelayEnv } from '../env.ts';

const COLUMNS = [
  ...['id', 'name', 'phone', 'email', 'kind', 'source', 'created_at'],
  ...['amocrm_deal_id', 'amocrm_stage'],
];
/** Of one number or address; somebody with more is known well enough. */
const MOST = 100;

const rowSchema = z.object({
  id: z.uuid(),
  name: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  kind: z.string().nullable(),
  source: z.string().nullable(),
  created_at: z.string().transform((at) => new Date(at)),
  amocrm_deal_id: z.number().nullable(),
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

function lookupIn(database: Pick<Database, 'rowsAfter'>): LeadLookup {
  const withValue = async (column: string, value: string) => {
    const filters = [{ column, op: 'eq' as const, value }];
    const query = { columns: COLUMNS, filters, key: 'id', limit: MOST };
    return z.array(rowSchema).parse(await database.rowsAfter('landing_leads', query));
  };
  return async (contact) => {
    const found = await Promise.all(
      Object.entries(contact).map(([column, value]) => withValue(column, value)),
    );
    const byId = new Map(found.flat().map((lead) => [lead.id, lead]));
    return [...byId.values()].sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
  };
}
