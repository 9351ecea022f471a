/** What events about campaigns and their copies carry, and what providers and people tell of messages. */
import { z } from 'zod';

/** The channels of campaigns: those that reach a person. */
const campaignChannels = ['email', 'sms'] as const;

/** What others tell of a campaign's copy; that it was sent is in its recipient's row. */
export const campaignOutcomes = [
  'delivered',
  'bounced',
  'complained',
  'opened',
  'clicked',
] as const;
export type CampaignOutcome = (typeof campaignOutcomes)[number];

export const campaignDeliverySchema = z.object({
  recipientId: z.uuid(),
  campaignId: z.uuid(),
  channel: z.enum(campaignChannels),
  outcome: z.enum(campaignOutcomes),
  at: z.iso.datetime(),
  /** One token: why it bounced (`permanent`, `transient`, `expired`). */
  reason: z.string().optional(),
  /** Of a click: a scanner's or a preview's, not a person's. */
  byProgram: z.boolean().optional(),
  /** Of a click: which link, as `linkMark` (delivery/link-mark.ts); the address itself may be a person's own. */
  link: z.string().max(64).optional(),
});
export type CampaignDelivery = z.infer<typeof campaignDeliverySchema>;

export const suppressionReasons = ['unsubscribed', 'bounced', 'complained'] as const;
export type SuppressionReason = (typeof suppressionReasons)[number];

/** Who is meant: a campaign's recipient by id alone, or a channel and a contact. */
export const suppressionSchema = z.object({
  reason: z.enum(suppressionReasons),
  /** Who told: `link`, `resend`. */
  source: z.string(),
  at: z.iso.datetime(),
  recipientId: z.uuid().optional(),
  channel: z.enum(campaignChannels).optional(),
  /** A mail address in lower case, or E.164. */
  contact: z.string().optional(),
});
export type Suppression = z.infer<typeof suppressionSchema>;

/** Somebody who had unsubscribed wants campaigns again: a campaign's recipient, by id. */
export const restorationSchema = z.object({
  recipientId: z.uuid(),
  /** Who told: `link`. */
  source: z.string(),
  at: z.iso.datetime(),
});
export type Restoration = z.infer<typeof restorationSchema>;

export const smsReportSchema = z.object({
  /** Mobizon's. */
  messageId: z.string().regex(/^\d{1,20}$/),
  at: z.iso.datetime(),
});

export const batchReadySchema = z.object({
  campaignId: z.uuid(),
  /** The batch's number in its campaign, from 1. */
  n: z.number().int().min(1),
});
