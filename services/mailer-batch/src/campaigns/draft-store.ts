/** What the migrations offer for campaigns before they start. All throw as `Database` does. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { campaignSchema, countedCampaignSchema, type NewCampaign } from './campaign-store.ts';
import { MAX_BOUNCE_PERCENT, MAX_ERROR_PERCENT } from './policy.ts';

/** A draft with the SHA-256 of the request that makes it, when that can be repeated. */
export type NewDraft = NewCampaign & { requestHash: string | null };

const madeSchema = campaignSchema.extend({ requestHash: z.string().nullable() });

/** People who get the same text: `row` is the first of them. */
const alikeSchema = z.object({
  row: z.number(),
  name: z.string().nullable(),
  variables: z.record(z.string(), z.unknown()),
  people: z.number(),
});
export type AlikePeople = z.infer<typeof alikeSchema>;
const textsSchema = z.object({ groups: z.array(alikeSchema), next: z.number().nullable() });

export type DraftStore = ReturnType<typeof createDraftStore>;

export function createDraftStore(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(name: string, args: object, schema: Schema) =>
    database.call(`leadwire_campaign_${name}`, args, schema);
  const usual = { maxBouncePercent: MAX_BOUNCE_PERCENT, maxErrorPercent: MAX_ERROR_PERCENT };

  return {
    /** The same id again changes nothing and answers what is there, with the hash of the request that made it. */
    make: (draft: NewDraft) => call('create', { p_campaign: { ...usual, ...draft } }, madeSchema),
    /** The newest campaigns whose id begins so. */
    find: (prefix: string, limit: number) =>
      call(
        'find',
        { p_prefix: prefix.toLowerCase(), p_limit: limit },
        z.array(countedCampaignSchema),
      ),
    /** Of `limit` rows of the list: who gets a text, those together who get the same. `next` is null at the end. */
    texts: (id: string, afterRow: number, limit: number) =>
      call('texts', { p_id: id, p_after: afterRow, p_limit: limit }, textsSchema),
  };
}
