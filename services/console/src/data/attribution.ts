/** Students and people of the platform whose own tags say something else than those of their lead. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer } from './answers.ts';

const tags = z.object({ source: z.string().nullish(), campaign: z.string().nullish() });
export const attributionConflictSchema = z.object({
  id: z.uuid(),
  project: z.enum(['tripwire', 'main']),
  leadId: z.uuid(),
  name: z.string().nullable(),
  noticedAt: z.string(),
  /** What stands in their row. */
  said: tags,
  lead: tags,
});
export type AttributionConflict = z.infer<typeof attributionConflictSchema>;

/** What a person may decide: the row stays as it is, or takes the tags of the lead. */
export const attributionDecisions = ['there', 'lead'] as const;
export type AttributionDecision = (typeof attributionDecisions)[number];

/** Whether it was open. @throws TransientError when the database is away; ForbiddenError */
export async function decideAttribution(
  client: SupabaseClient,
  conflict: string,
  decided: AttributionDecision,
): Promise<boolean> {
  return readAnswer(
    z.boolean(),
    await client.rpc('console_decide_attribution', { conflict, decided }),
  );
}
