/** What waits for a person: held leads, messages that may have gone or not, addresses that several people have. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer, readRows } from './answers.ts';

/** So many of a kind are shown; the rest is in the list of leads. */
export const MOST_SHOWN = 100;

const leadSchema = z.object({
  id: z.uuid(),
  name: z.string().nullable(),
  created_at: z.string().nullable(),
  quarantine: z.string().nullable(),
});
export type NamedLead = z.infer<typeof leadSchema>;
const COLUMNS = Object.keys(leadSchema.shape).join(', ');

/** The newest first. For whoever sees contacts. @throws TransientError when the database is away; ForbiddenError */
export async function readHeld(client: SupabaseClient): Promise<NamedLead[]> {
  const query = client.from('landing_leads').select(COLUMNS).eq('quarantined', true);
  const newest = query.order('created_at', { ascending: false }).limit(MOST_SHOWN);
  return readRows(leadSchema, await newest);
}

const endedSchema = z.object({
  id: z.uuid(),
  lead_id: z.uuid().nullable(),
  channel: z.string().nullable(),
  reason: z.string().nullable(),
  updated_at: z.string().nullable(),
});

/** A message of which it is not known whether it went, with its lead. */
export interface Unknown {
  channel: string | null;
  at: string | null;
  lead: NamedLead;
}

/** @throws as `readHeld` */
export async function readUnknown(client: SupabaseClient): Promise<Unknown[]> {
  const query = client.from('staff_deliveries').select('id, lead_id, channel, reason, updated_at');
  const unknown = query.eq('status', 'unknown').is('campaign_id', null);
  const rows = readRows(endedSchema, await unknown.order('scheduled_for', { ascending: false }).limit(MOST_SHOWN)); // prettier-ignore
  const names = await readNames(
    client,
    rows.flatMap(({ lead_id }) => lead_id ?? []),
  );
  return rows.flatMap(({ lead_id, channel, reason, updated_at: at }) => {
    const lead = names.get(lead_id ?? '');
    // Of somebody who was erased meanwhile there is nothing to decide.
    return lead && reason !== 'erased' ? [{ channel, at, lead }] : [];
  });
}

/** Leads by their ids. @throws as `readHeld` */
export async function readNames(
  client: SupabaseClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, NamedLead>> {
  const some = [...new Set(ids)].slice(0, MOST_SHOWN);
  if (some.length === 0) return new Map();
  const rows = readRows(leadSchema, await client.from('landing_leads').select(COLUMNS).in('id', some)); // prettier-ignore
  return new Map(rows.map((row) => [row.id, row]));
}

const conflictSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  noticedAt: z.string(),
  people: z.array(
    z.object({
      phone: z.string().nullable(),
      /** Their latest lead; null for somebody who only bought. */
      leadId: z.uuid().nullable(),
      name: z.string().nullable(),
      leads: z.number().nullable(),
      sales: z.number(),
    }),
  ),
});
/** A mail address beside several phones: one person, or several? */
export type IdentityConflict = z.infer<typeof conflictSchema>;

/** The newest first. For whoever sees contacts. @throws as `readHeld` */
export async function readConflicts(client: SupabaseClient): Promise<IdentityConflict[]> {
  const asked = { most: MOST_SHOWN };
  return readAnswer(z.array(conflictSchema), await client.rpc('console_identity_conflicts', asked));
}
