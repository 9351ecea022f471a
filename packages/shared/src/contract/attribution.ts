/** Where a lead came from: the part of its event that tells which advertising was worth its money. */
import { z } from 'zod';

/** Attribution: where the click that was paid for came from. */
export const utmSchema = z.object({
  source: z.string().optional(),
  medium: z.string().optional(),
  campaign: z.string().optional(),
  content: z.string().optional(),
  term: z.string().optional(),
});

/** How one visit was brought about: its tags and where it began. */
const touchSchema = z.object({
  utm: utmSchema,
  page: z.string().optional(),
  referrer: z.string().optional(),
});
export type Touch = z.infer<typeof touchSchema>;

/** The advertisers' ids of a click, by the name under which they travel. */
export const clickIdNames = [
  'fbclid',
  'gclid',
  'wbraid',
  'gbraid',
  'yclid',
  'ttclid',
  'fbp',
  'fbc',
] as const;
export type ClickIdName = (typeof clickIdNames)[number];

/** Everything known of the way that led to a lead; `utm` is what counts of it. */
export const attributionSchema = z.object({
  clickIds: z.partialRecord(z.enum(clickIdNames), z.string()),
  first: touchSchema.optional(),
  last: touchSchema.optional(),
  /** Tags that came more than once, with all their values. */
  repeated: z.record(z.string(), z.array(z.string())).optional(),
  /** What an ad platform tells of the ad: `ad_id`, `campaign_id`, … */
  ad: z.record(z.string(), z.string()).optional(),
});
export type Attribution = z.infer<typeof attributionSchema>;
