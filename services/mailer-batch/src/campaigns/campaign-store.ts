/**
 * The functions of the migrations (`leadwire_campaign_*`), typed. All throw as `Database` does: TransientError while
 * the database is away. What happened otherwise is in `kind`.
 */
import type { Database } from '@leadwire/shared/providers/supabase';
import type { BatchResult, ReadyBatch } from '../sending/channel.ts';

export const campaignStatuses = [
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'finished',
] as const;
export type CampaignStatus = (typeof campaignStatuses)[number];

/** `pending + sending + sent + failed + skipped + unknown = audience`, always. The rest is what became of the sent. */
export interface Counts {
  audience: number;
  pending: number;
  sending: number;
  sent: number;
  failed: number;
  skipped: number;
  unknown: number;
  delivered: number;
  bounced: number;
  complained: number;
  opened: number;
  clicked: number;
  sentLastMinute: number;
}

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

/** Times are ISO 8601. */
export interface Campaign {
  id: string;
  name: string;
  channel: 'email' | 'sms';
  template: string;
  topic: string | null;
  variables: Record<string, unknown>;
  status: CampaignStatus;
  /** One token: `by_hand`, `too_many_bounces`, `too_many_errors`, `provider_stopped`. */
  pauseReason: string | null;
  source: Record<string, unknown>;
  audienceReady: boolean;
  confirmedCount: number | null;
  scheduledFor: string | null;
  quietHours: string | null;
  timeZone: string;
  ratePerSecond: number | null;
  maxBouncePercent: number;
  maxErrorPercent: number;
  createdAt: string;
  startedAt: string | null;
  pausedAt: string | null;
  cancelledAt: string | null;
  finishedAt: string | null;
}
export type CampaignWithCounts = Campaign & { counts: Counts };
/** `changedAt`: of a draft also when its list was. */
export type ReadCampaign = CampaignWithCounts & { changedAt: string };

export interface AudiencePerson {
  /** The place in the list, from 1; unique in it, left-out people included. */
  row: number;
  contact: string;
  name: string | null;
  variables: Record<string, unknown>;
}
export interface LeftOutPerson {
  row: number;
  name: string | null;
  contact: string | null;
  reason: string;
}
export interface Preview {
  read: number;
  audience: number;
  leftOut: Record<string, number>;
}

export interface RecipientRow extends AudiencePerson {
  id: string;
  batch: number | null;
  status: 'pending' | 'sending' | 'sent' | 'failed' | 'skipped' | 'unknown';
  reason: string | null;
  error: string | null;
  providerId: string | null;
  attempts: number;
  sentAt: string | null;
  deliveredAt: string | null;
  bouncedAt: string | null;
  complainedAt: string | null;
  openedAt: string | null;
  clickedAt: string | null;
}

export type Patch = Partial<
  Pick<NewCampaign, 'name' | 'template' | 'topic' | 'variables' | 'quietHours' | 'timeZone'> &
    Pick<NewCampaign, 'scheduledFor' | 'ratePerSecond'>
>;

type Missing = { kind: 'missing' };
type NotDraft = { kind: 'not_draft'; status: CampaignStatus };
type NotAllowed = { kind: 'not_allowed'; status: CampaignStatus };

/** `superseded`: another list was begun meanwhile. */
export type StoredAudience = { kind: 'stored' | 'superseded' } | NotDraft | Missing;
export type Patched =
  { kind: 'changed'; campaign: Campaign } | (NotAllowed & { field: keyof Patch }) | Missing;
export type Started =
  | { kind: 'started' | 'scheduled'; audience: number }
  | { kind: 'count_differs'; audience: number }
  /** The list is not complete, or nobody is left of it. */
  | { kind: 'no_audience' }
  /** By somebody else, since it was read. */
  | { kind: 'changed' }
  | NotDraft
  | Missing;
export type Moved = { kind: 'done' | 'already'; status: CampaignStatus } | NotAllowed | Missing;
export type Retried =
  { kind: 'retried'; people: number } | { kind: 'nothing' } | NotAllowed | Missing;

/** Why a batch is not to be sent now. */
export type Hindrance = { kind: 'missing' | 'settled' | 'not_running' | 'quiet' | 'busy' };
type LookedRow =
  | { kind: 'ready'; ratePerSecond: number | null; batch: Omit<ReadyBatch, 'ratePerSecond'> }
  | Hindrance;
export type Looked = { kind: 'ready'; batch: ReadyBatch } | Hindrance;
export type Claimed =
  /** `changed`: since the look somebody is suppressed, or the campaign's rate is another. `empty`: nobody is left, it is settled. */
  | { kind: 'changed' | 'empty' }
  /** `inherited`: an earlier try may have arrived. `other_body`: it had other bytes. */
  | { kind: 'claimed' | 'inherited' | 'other_body'; firstClaimAt: string }
  | Hindrance;

export interface Tick {
  started: string[];
  paused: { id: string; reason: string }[];
  finished: string[];
  nudges: { campaignId: string; n: number; nudge: number }[];
}

export interface ClaimRequest {
  owner: string;
  leaseMs: number;
  at: string;
  bodyHash: string;
  /** What the look told: the turn was waited for at this rate. */
  ratePerSecond: number | null;
  /** In the order of the batch. */
  ids: readonly string[];
}

export type CampaignStore = ReturnType<typeof createCampaignStore>;

export function createCampaignStore(database: Pick<Database, 'call'>) {
  const call = <Answer>(name: string, args: object): Promise<Answer> =>
    database.call(`leadwire_campaign_${name}`, args) as Promise<Answer>;
  const byId = <Answer>(name: string, id: string, more: object = {}) =>
    call<Answer>(name, { p_id: id, ...more });

  return {
    get: (id: string) => byId<ReadCampaign | null>('get', id),
    /** The newest ones. */
    list: (limit: number) => call<CampaignWithCounts[]>('list', { p_limit: limit }),
    counts: (id: string) => byId<Counts>('counts', id),
    patch: (id: string, patch: Patch) => byId<Patched>('patch', id, { p_patch: patch }),
    /**
     * A part of the list: `first` removes what was there, `last` completes it, `upload` (a UUID) is the same for
     * all parts. About 1,000 people a call.
     */
    setAudience: (
      id: string,
      { people, leftOut }: { people: readonly AudiencePerson[]; leftOut: readonly LeftOutPerson[] },
      { upload, first, last }: { upload: string; first: boolean; last: boolean },
    ) =>
      byId<StoredAudience>('set_audience', id, {
        p_upload: upload,
        p_people: people,
        p_left_out: leftOut,
        p_first: first,
        p_last: last,
      }),
    preview: (id: string) => byId<Preview | null>('preview', id),
    leftOutPage: (id: string, afterRow: number, limit: number) =>
      byId<LeftOutPerson[]>('left_out_page', id, { p_after: afterRow, p_limit: limit }),
    recipientsPage: (id: string, afterRow: number, limit: number) =>
      byId<RecipientRow[]>('recipients_page', id, { p_after: afterRow, p_limit: limit }),

    /**
     * The draft as it was read, now, or scheduled when `scheduledFor` is still to come. `batchSize`: people in a call to
     * the provider.
     */
    start: (
      { id, changedAt }: Pick<ReadCampaign, 'id' | 'changedAt'>,
      start: { expected: number; frozen: unknown; batchSize: number },
    ) =>
      byId<Started>('start_as_read', id, {
        p_expected: start.expected,
        p_frozen: start.frozen,
        p_batch_size: start.batchSize,
        p_changed_at: changedAt,
      }),
    pause: (id: string, reason: string) => byId<Moved>('pause', id, { p_reason: reason }),
    resume: (id: string) => byId<Moved>('resume', id),
    cancel: (id: string) => byId<Moved>('cancel', id),
    retry: (id: string, { batchSize, unknownToo }: { batchSize: number; unknownToo: boolean }) =>
      byId<Retried>('retry', id, { p_batch_size: batchSize, p_unknown_too: unknownToo }),

    /** What would be sent of a batch just now; changes nothing. */
    look: async (id: string, n: number): Promise<Looked> => {
      const looked = await byId<LookedRow>('look', id, { p_n: n });
      if (looked.kind !== 'ready') return looked;
      const { batch, ratePerSecond } = looked;
      return { kind: 'ready', batch: { ...batch, ratePerSecond } };
    },
    claim: (id: string, n: number, claim: ClaimRequest) =>
      byId<Claimed>('claim_at_rate', id, {
        p_n: n,
        p_owner: claim.owner,
        p_lease_ms: claim.leaseMs,
        p_at: claim.at,
        p_body_hash: claim.bodyHash,
        p_ids: claim.ids,
        p_rate: claim.ratePerSecond,
      }),
    note: (
      id: string,
      n: number,
      note: { owner: string; leaseMs: number; providerRef?: string; stage?: string },
    ) =>
      byId<{ kind: 'noted' | 'lost' }>('note', id, {
        p_n: n,
        p_owner: note.owner,
        p_lease_ms: note.leaseMs,
        p_provider_ref: note.providerRef ?? null,
        p_stage: note.stage ?? null,
      }),
    /** Answers how many batches of the campaign are left. */
    settle: (id: string, n: number, results: BatchResult) =>
      byId<{ open: number }>('settle', id, { p_n: n, p_results: results }),
    /** Puts a claimed batch off. `wasTried`: it may have arrived, the same request is repeated later. */
    defer: (
      id: string,
      n: number,
      deferral: { owner: string; waitMs: number; error: string; wasTried: boolean },
    ) =>
      byId<{ kind: 'deferred' | 'lost' }>('defer', id, {
        p_n: n,
        p_owner: deferral.owner,
        p_wait_ms: deferral.waitMs,
        p_error: deferral.error,
        p_was_tried: deferral.wasTried,
      }),
    finishIfDone: (id: string) => byId<boolean>('finish_if_done', id),
    /** What time brings; each replica calls it every second, one of them at a time does it. */
    tick: (ahead: number, nudgeMs: number) =>
      call<Tick>('tick', { p_ahead: ahead, p_nudge_ms: nudgeMs }),
  };
}
