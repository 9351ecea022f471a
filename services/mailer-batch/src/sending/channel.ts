/**
 * The port behind which mail and SMS are the same: a batch is prepared (rendered, with the hash of its bytes) before
 * its turn, so that nothing but the claim stands between the turn and the request.
 */

import type { Lane } from '@leadwire/shared/coordination/account-pace';
import { z } from 'zod';
import type { Claimed } from '../campaigns/campaign-answers.ts';

/** One person of a batch, as frozen at the start. `id` is the delivery's id. */
const batchRecipientSchema = z.object({
  id: z.string(),
  row: z.number(),
  /** A lower-case mail address, or E.164. */
  contact: z.string(),
  name: z.string().nullable(),
  variables: z.record(z.string(), z.unknown()),
});
export type BatchRecipient = z.infer<typeof batchRecipientSchema>;

export const readyBatchSchema = z.object({
  campaignId: z.string(),
  n: z.number(),
  channel: z.enum(['email', 'sms']),
  campaignName: z.string(),
  template: z.string(),
  /** What `freezeCampaign` of packages/templates made at the start. */
  frozen: z.unknown(),
  /** The same for every try: `campaign-<id>-<n>`. */
  idempotencyKey: z.string(),
  /** Tries so far. */
  attempts: z.number(),
  /** An earlier try may have arrived: the same people, the same time, and so the same bytes. */
  isInherited: z.boolean(),
  /** The time that the texts are rendered for (ISO 8601): of the first try. */
  at: z.string(),
  /** What an earlier try noted: Mobizon's campaign, and the step that was done. */
  providerRef: z.string().nullable(),
  stage: z.string().nullable(),
  /** The campaign's own limit in calls to the provider per second, beside the account's. */
  ratePerSecond: z.number().nullable(),
  recipients: z.array(batchRecipientSchema),
});
export type ReadyBatch = z.infer<typeof readyBatchSchema>;

export interface PreparedBatch {
  batch: ReadyBatch;
  /** SHA-256 (hex) of what will be sent; another one at a later try means that it must not be sent. */
  bodyHash: string;
  /** The channel's own: the request's bytes, or the texts. */
  body: unknown;
}

/** How one person's message ended. `skipped` when the provider refuses them for good before anything is sent. */
export interface RecipientResult {
  id: string;
  status: 'sent' | 'failed' | 'skipped' | 'unknown';
  providerId?: string;
  /** What an SMS is billed as. */
  segments?: number;
  /** One token: `refused_by_provider`, `suppressed`. */
  reason?: string;
  /** The other side's words, without contact data. */
  error?: string;
}

/** Whoever is not in it is still open: the batch is tried again. */
export type BatchResult = readonly RecipientResult[];

/** Whether a request follows from it. */
export function isOurs({ kind }: Pick<Claimed, 'kind'>): boolean {
  return kind === 'claimed' || kind === 'inherited';
}

/** The campaign's share of the account. */
export function laneOf({ campaignId, ratePerSecond }: ReadyBatch): Lane | undefined {
  return ratePerSecond === null ? undefined : { id: campaignId, ratePerSecond };
}

/** What a channel may do while it holds the claim. */
export interface ClaimHold {
  /**
   * Writes down how far it has come and holds the lease for its full time again; to be called right before each
   * effect of a route with several steps. @throws SnoozeError when somebody else has the batch by now.
   */
  note(progress: { providerRef?: string; stage?: string }): Promise<void>;
}

/**
 * Errors of `send` and `reconcile`: AmbiguousError (may have arrived), TransientError (has not), ChannelStoppedError
 * (pauses the campaign), PermanentError (this batch fails).
 */
export interface CampaignChannel {
  /** People in one call to the provider. */
  readonly batchSize: number;
  /**
   * Whether the batch may go out now, before it is claimed: what it costs is held to a budget, and counts from then on. One
   * that may not is handed out again later. @throws TransientError when the broker does not answer.
   */
  hasRoom(prepared: PreparedBatch): Promise<boolean>;
  /** The same for the same batch, always. @throws Error for a campaign that this version cannot render. */
  prepare(batch: ReadyBatch): Promise<PreparedBatch>;
  /**
   * Waits for the turn of the provider's account and of the campaign, as bulk: behind everything transactional, and
   * with the claim right before it. As `Limiter.acquireWith`.
   */
  turn<Answer extends Pick<Claimed, 'kind'>>(
    batch: ReadyBatch,
    claim: () => Promise<Answer>,
  ): Promise<{ claimed: Answer; isTurn: boolean }>;
  /** The first try. */
  send(prepared: PreparedBatch, hold: ClaimHold): Promise<BatchResult>;
  /** After a try whose end nobody knows; never makes a second message of one. */
  reconcile(prepared: PreparedBatch, hold: ClaimHold): Promise<BatchResult>;
}
