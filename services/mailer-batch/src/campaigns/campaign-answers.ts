/** What the database's functions answer about the moves of a campaign and of its batches; what happened is in `kind`. */
import { z } from 'zod';

export const campaignStatuses = [
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'finished',
] as const;
export const statusSchema = z.enum(campaignStatuses);
export type CampaignStatus = z.infer<typeof statusSchema>;

export const kind = <const Kind extends string>(...kinds: Kind[]) =>
  z.object({ kind: z.enum(kinds) });
export const missing = kind('missing');
const notDraft = kind('not_draft').extend({ status: statusSchema });
export const notAllowed = kind('not_allowed').extend({ status: statusSchema });

/** `superseded`: another list was begun meanwhile. */
export const storedAudienceSchema = z.union([kind('stored', 'superseded'), notDraft, missing]);
export const startedSchema = z.union([
  kind('started', 'scheduled', 'count_differs').extend({ audience: z.number() }),
  // `no_audience`: the list is not complete, or nobody is left of it. `changed`: by somebody else, since it was read.
  kind('no_audience', 'changed'),
  notDraft,
  missing,
]);
export const movedSchema = z.union([
  kind('done', 'already').extend({ status: statusSchema }),
  notAllowed,
  missing,
]);
export type Moved = z.infer<typeof movedSchema>;
export const retriedSchema = z.union([
  kind('retried').extend({ people: z.number() }),
  kind('nothing'),
  notAllowed,
  missing,
]);

/** Why a batch is not to be sent now. */
export const blocker = kind('missing', 'settled', 'not_running', 'quiet', 'busy');
export const claimedSchema = z.union([
  // `changed`: since the look somebody is suppressed, or the campaign's rate is another. `empty`: nobody is left.
  kind('changed', 'empty'),
  // `inherited`: an earlier try may have arrived. `other_body`: it had other bytes.
  kind('claimed', 'inherited', 'other_body').extend({ firstClaimAt: z.string() }),
  blocker,
]);
export type Claimed = z.infer<typeof claimedSchema>;

export const tickSchema = z.object({
  started: z.array(z.string()),
  paused: z.array(z.object({ id: z.string(), reason: z.string() })),
  finished: z.array(z.string()),
  nudges: z.array(z.object({ campaignId: z.string(), n: z.number(), nudge: z.number() })),
});
