/**
 * The functions of the migrations (`leadwire_campaign_*`), typed and their answers checked. All throw as `Database`
 * does: TransientError while the database is away. What happened otherwise is in `kind`.
 */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import {
  kind,
  missing,
  movedSchema,
  notAllowed,
  retriedSchema,
  startedSchema,
  statusSchema,
  storedAudienceSchema,
  tickSchema,
} from './campaign-answers.ts';
import { createBatchStore } from './batch-store.ts';
import { AHEAD_MS, FEWEST_PEOPLE, WEIGH_EVERY_MS } from './policy.ts';

const channel = z.enum(['email', 'sms']);
const text = z.string().nullable();
const time = z.string().nullable();
const variables = z.record(z.string(), z.unknown());

/** `pending + sending + sent + failed + skipped + unknown = audience`, always. The rest is what became of the sent. */
const countsSchema = z.object({
  audience: z.number(),
  pending: z.number(),
  sending: z.number(),
  sent: z.number(),
  failed: z.number(),
  skipped: z.number(),
  unknown: z.number(),
  delivered: z.number(),
  bounced: z.number(),
  complained: z.number(),
  opened: z.number(),
  clicked: z.number(),
  sentLastMinute: z.number(),
});
export type Counts = z.infer<typeof countsSchema>;

export interface NewCampaign {
  id: string;
  name: string;
  channel: 'email' | 'sms';
  template: string;
  topic?: string | null;
  variables: Record<string, unknown>;
  /** Where the list came from, for people to see. */
  source?: Record<string, unknown>;
  scheduledFor?: string | null;
  /** Local times such as `21:00-09:00`. */
  quietHours?: string | null;
  timeZone: string;
  /** Calls to the provider per second at most (a call carries up to 100 mails); the provider's own limit without. */
  ratePerSecond?: number | null;
  maxBouncePercent?: number;
  maxErrorPercent?: number;
}

export const campaignSchema = z.object({
  id: z.string(),
  name: z.string(),
  channel,
  template: z.string(),
  topic: text,
  subject: text,
  variables,
  status: statusSchema,
  /** One token: `by_hand`, `too_many_bounces`, `too_many_errors`, `provider_stopped`. */
  pauseReason: text,
  source: z.record(z.string(), z.unknown()),
  audienceReady: z.boolean(),
  confirmedCount: z.number().nullable(),
  scheduledFor: time,
  quietHours: text,
  timeZone: z.string(),
  ratePerSecond: z.number().nullable(),
  maxBouncePercent: z.number().nullable(),
  maxErrorPercent: z.number().nullable(),
  createdAt: z.string(),
  startedAt: time,
  pausedAt: time,
  cancelledAt: time,
  finishedAt: time,
});
export type Campaign = z.infer<typeof campaignSchema>;
export const countedCampaignSchema = campaignSchema.extend({ counts: countsSchema });
export type CampaignWithCounts = z.infer<typeof countedCampaignSchema>;
/** `changedAt`: of a draft also when its list was. */
const readCampaignSchema = countedCampaignSchema.extend({ changedAt: z.string() });
export type ReadCampaign = z.infer<typeof readCampaignSchema>;

const audiencePersonSchema = z.object({
  /** The place in the list, from 1; unique in it, left-out people included. */
  row: z.number(),
  contact: z.string(),
  name: text,
  variables,
});
export type AudiencePerson = z.infer<typeof audiencePersonSchema>;
const leftOutPersonSchema = z.object({
  row: z.number(),
  name: text,
  contact: text,
  reason: z.string(),
});
export type LeftOutPerson = z.infer<typeof leftOutPersonSchema>;
const previewSchema = z.object({
  read: z.number(),
  audience: z.number(),
  leftOut: z.record(z.string(), z.number()),
});
export type Preview = z.infer<typeof previewSchema>;

const recipientSchema = audiencePersonSchema.extend({
  id: z.string(),
  batch: z.number().nullable(),
  status: z.enum(['pending', 'sending', 'sent', 'failed', 'skipped', 'unknown']),
  reason: text,
  error: text,
  providerId: text,
  attempts: z.number(),
  sentAt: time,
  deliveredAt: time,
  bouncedAt: time,
  complainedAt: time,
  openedAt: time,
  clickedAt: time,
  programClickedAt: time,
});
export type RecipientRow = z.infer<typeof recipientSchema>;

export type Patch = Partial<
  Pick<NewCampaign, 'name' | 'template' | 'topic' | 'variables' | 'quietHours' | 'timeZone'> &
    Pick<NewCampaign, 'scheduledFor' | 'ratePerSecond'> & { subject: string | null }
>;

const patchedSchema = z.union([
  kind('changed').extend({ campaign: campaignSchema }),
  notAllowed.extend({ field: z.string() }),
  missing,
]);
export type CampaignStore = ReturnType<typeof createCampaignStore>;

export function createCampaignStore(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(name: string, args: object, schema: Schema) =>
    database.call(`leadwire_campaign_${name}`, args, schema);
  const byId = <Schema extends z.ZodType>(
    name: string,
    id: string,
    schema: Schema,
    more: object = {},
  ) => call(name, { p_id: id, ...more }, schema);

  return {
    get: (id: string) => byId('get', id, readCampaignSchema.nullable()),
    /** The newest ones. */
    list: (limit: number) => call('list', { p_limit: limit }, z.array(countedCampaignSchema)),
    counts: (id: string) => byId('counts', id, countsSchema),
    patch: (id: string, patch: Patch) => byId('patch', id, patchedSchema, { p_patch: patch }),
    /**
     * A part of the list: `first` removes what was there, `last` completes it, `upload` (a UUID) is the same for
     * all parts. About 1,000 people a call.
     */
    setAudience: (
      id: string,
      { people, leftOut }: { people: readonly AudiencePerson[]; leftOut: readonly LeftOutPerson[] },
      { upload, first, last }: { upload: string; first: boolean; last: boolean },
    ) =>
      byId('set_audience', id, storedAudienceSchema, {
        p_upload: upload,
        p_people: people,
        p_left_out: leftOut,
        p_first: first,
        p_last: last,
      }),
    /** What is to be known of the list of this upload; of an older one nothing is kept. */
    noteList: (id: string, upload: string, notes: object) =>
      byId('note_list', id, z.object({ kind: z.enum(['noted', 'superseded']) }), {
        p_upload: upload,
        p_notes: notes,
      }),
    preview: (id: string) => byId('preview', id, previewSchema.nullable()),
    leftOutPage: (id: string, afterRow: number, limit: number) =>
      byId('left_out_page', id, z.array(leftOutPersonSchema), {
        p_after: afterRow,
        p_limit: limit,
      }),
    recipientsPage: (id: string, afterRow: number, limit: number) =>
      byId('recipients_page', id, z.array(recipientSchema), { p_after: afterRow, p_limit: limit }),

    /**
     * The draft as it was read, now, or scheduled when `scheduledFor` is still to come. `batchSize`: people in a call to
     * the provider.
     */
    start: (
      { id, changedAt }: Pick<ReadCampaign, 'id' | 'changedAt'>,
      start: { expected: number; frozen: unknown; batchSize: number },
    ) =>
      byId('start', id, startedSchema, {
        p_expected: start.expected,
        p_frozen: start.frozen,
        p_batch_size: start.batchSize,
        p_changed_at: changedAt,
      }),
    pause: (id: string, reason: string) => byId('pause', id, movedSchema, { p_reason: reason }),
    resume: (id: string) => byId('resume', id, movedSchema),
    cancel: (id: string) => byId('cancel', id, movedSchema),
    retry: (id: string, { batchSize, unknownToo }: { batchSize: number; unknownToo: boolean }) =>
      byId('retry', id, retriedSchema, { p_batch_size: batchSize, p_unknown_too: unknownToo }),

    ...createBatchStore(database),
    finishIfDone: (id: string) => byId('finish_if_done', id, z.boolean()),
    /** What time brings; each replica calls it again and again, one of them at a time does it. */
    tick: (ahead: number, nudgeMs: number) =>
      call(
        'tick',
        {
          p_ahead: ahead,
          p_ahead_ms: AHEAD_MS,
          p_nudge_ms: nudgeMs,
          p_weigh_ms: WEIGH_EVERY_MS,
          p_min_people: FEWEST_PEOPLE,
        },
        tickSchema,
      ),
  };
}
