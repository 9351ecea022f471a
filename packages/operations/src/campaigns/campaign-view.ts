/** What mailer-batch answers about campaigns, as far as CLI and console read it. */
import { segmentFilterSchema } from '@leadwire/shared/contract/segments';
import { z } from 'zod';

export const count = z.number();
const time = z.string().nullable();

export const segmentSchema = z.object({
  id: z.string(),
  name: z.string(),
  filter: segmentFilterSchema,
  createdBy: z.string().nullable(),
  changedAt: z.string(),
});
export type SegmentView = z.infer<typeof segmentSchema>;
export const countedSegmentSchema = z.object({ people: count, reachable: count });

export const summarySchema = z.object({
  domains: z.array(
    z.object({
      domain: z.string(),
      sent: count,
      delivered: count,
      bounced: count,
      failed: count,
      opened: count,
      complained: count.default(0),
    }),
  ),
  /** `link` as in the text, `unsubscribe` or empty; `early`: scanners, who are in no other number. */
  links: z
    .array(z.object({ link: z.string(), people: count, clicks: count, early: count }))
    .default([]),
  /** First opens and clicks by hours after the copy, from 0; hours without any are left out. */
  hours: z.array(z.object({ hour: count, opened: count, clicked: count })).default([]),
  sales: z.object({ count, amount: count }),
  unsubscribed: count,
  /** Of SMS, and what they cost. */
  segments: count.nullable().default(null),
  cost: count.nullable().default(null),
});
export type CampaignSummary = z.infer<typeof summarySchema>;

/** Two subjects or two texts on a part of the list; `id` is the campaign to the rest. */
export const subjectTestSchema = z.object({
  id: z.string(),
  aId: z.string(),
  bId: z.string(),
  subjectA: z.string().nullable(),
  subjectB: z.string().nullable(),
  /** Where two texts are tried: their names. */
  templateA: z.string().nullable().default(null),
  templateB: z.string().nullable().default(null),
  decideAt: time,
  decidedAt: time,
  winner: z.enum(['a', 'b']).nullable(),
});
export type SubjectTestView = z.infer<typeof subjectTestSchema>;

export const templatesSchema = z.array(
  z.object({
    name: z.string(),
    /** Of a text that people wrote. */
    own: z.object({ title: z.string() }).nullish(),
    channels: z.array(z.enum(['email', 'sms'])),
    variables: z.array(
      z.object({ name: z.string(), required: z.boolean(), perRecipient: z.boolean() }).loose(),
    ),
  }),
);
export type TemplateView = z.infer<typeof templatesSchema>[number];

export const campaignSchema = z.object({
  id: z.string(),
  name: z.string(),
  channel: z.enum(['email', 'sms']),
  template: z.string(),
  topic: z.string().nullable(),
  /** Instead of the template's. */
  subject: z.string().nullable().default(null),
  status: z.string(),
  pauseReason: z.string().nullable(),
  scheduledFor: time,
  quietHours: z.string().nullable(),
  timeZone: z.string(),
  ratePerSecond: z.number().nullable(),
  createdAt: time,
  /** Of one campaign: sent back with a change. */
  changedAt: z.string().optional(),
  variables: z.record(z.string(), z.unknown()).default({}),
  source: z.record(z.string(), z.unknown()).default({}),
  startedAt: time,
  finishedAt: time,
  counts: z.object({
    audience: count,
    pending: count,
    sending: count,
    sent: count,
    failed: count,
    skipped: count,
    unknown: count,
    delivered: count,
    bounced: count,
    complained: count,
    opened: count,
    clicked: count,
  }),
  progress: z.object({ perSecond: count, secondsLeft: count.nullable() }).optional(),
});
export type CampaignView = z.infer<typeof campaignSchema>;

export const countedSchema = z.object({
  read: count,
  audience: count,
  leftOut: z.record(z.string(), count),
  notes: z.object({
    nameless: count,
    garbledNames: z.object({ count, rows: z.array(count) }),
    typos: z.object({
      count,
      rows: z.array(z.object({ row: count, domain: z.string(), probably: z.string() })),
    }),
  }),
});
export type Counted = z.infer<typeof countedSchema>;

export const previewSchema = countedSchema.extend({
  people: z.object({
    items: z.array(
      z.object({
        row: count,
        name: z.string().nullable(),
        contact: z.string().nullable(),
        reason: z.string(),
        words: z.string(),
      }),
    ),
    nextAfter: count.nullable(),
  }),
  /** Without quiet hours. */
  takesSeconds: count.default(0),
  sample: z.object({ row: count, subject: z.string().nullable(), text: z.string() }).nullable(),
  sms: z
    .object({
      people: count,
      segments: count,
      estimate: count,
      longest: z.object({
        row: count,
        text: z.string(),
        segments: count,
        length: count,
        oneSegment: count,
        special: z.array(z.string()),
        segmentsWithoutSpecial: count,
      }),
    })
    .nullable(),
});
export type CampaignPreview = z.infer<typeof previewSchema>;

export const testsSchema = z.array(
  z.object({ to: z.string(), sent: z.boolean(), error: z.string().optional() }),
);
