/** What waits for a person: held leads, messages that may have gone or not, addresses that several people have. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer, readRows } from './answers.ts';
import { attributionConflictSchema } from './attribution.ts';

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

const unknownSchema = z.object({
  channel: z.string().nullable(),
  at: z.string().nullable(),
  lead: leadSchema,
});
/** A message of which it is not known whether it went, with its lead. */
export type Unknown = z.infer<typeof unknownSchema>;

/** Leads by their ids. @throws as `readProblems` */
export async function readNames(
  client: SupabaseClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, NamedLead>> {
  const some = [...new Set(ids)].slice(0, MOST_SHOWN);
  if (some.length === 0) return new Map();
  const rows = readRows(
    leadSchema,
    await client.from('landing_leads').select(COLUMNS).in('id', some),
  );
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

const problemsSchema = z.object({
  held: z.array(leadSchema),
  unknown: z.array(unknownSchema),
  conflicts: z.array(conflictSchema),
  tags: z.array(attributionConflictSchema),
});

/** At most `MOST_SHOWN` of each, the newest first. For whoever sees contacts. @throws TransientError when the database is away; ForbiddenError */
export async function readProblems(client: SupabaseClient) {
  return readAnswer(problemsSchema, await client.rpc('console_problems', { most: MOST_SHOWN }));
}
