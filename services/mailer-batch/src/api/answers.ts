/** The shapes of the HTTP API's answers, for the documentation and for what leaves the service. */
import { problemSchema } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { campaignStatuses } from '../campaigns/campaign-answers.ts';
import type { Campaign, CampaignWithCounts, Preview } from '../campaigns/campaign-store.ts';
import { notesOf, notesSchema } from '../audience/list-notes.ts';
import { leftOutReasons, type LeftOutReason } from '../audience/left-out.ts';

const count = z.number().int();
const time = z.string().nullable();

export const countsSchema = z
  .object({
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
  })
  .meta({
    description: 'pending + sending + sent + failed + skipped + unknown = audience, always.',
  });

export const campaignSchema = z.object({
  id: z.string(),
  name: z.string(),
  channel: z.enum(['email', 'sms']),
  template: z.string(),
  topic: z.string().nullable(),
  subject: z.string().nullable().meta({ description: 'Instead of the template’s.' }),
  variables: z.record(z.string(), z.unknown()),
  status: z.enum(campaignStatuses),
  pauseReason: z.string().nullable(),
  audienceReady: z.boolean(),
  confirmedCount: count.nullable(),
  scheduledFor: time,
  quietHours: z.string().nullable(),
  timeZone: z.string(),
  ratePerSecond: z.number().nullable().meta({
    description: 'Calls to the provider per second at most; null is the provider’s own limit.',
  }),
  createdAt: time,
  changedAt: z.string().optional().meta({
    description:
      'Of one campaign: sent back with a change, it keeps two people from undoing each other’s.',
  }),
  source: z.record(z.string(), z.unknown()).optional().meta({
    description: 'Where the people came from; contacts of its exclusions stay here.',
  }),
  startedAt: time,
  pausedAt: time,
  cancelledAt: time,
  finishedAt: time,
  counts: countsSchema,
  progress: z.object({
    perSecond: z.number().meta({ description: 'People a second, over the last minute.' }),
    secondsLeft: z.number().nullable().meta({ description: 'At that pace; null when unknown.' }),
  }),
});

export const leftOutSchema = z.object({
  row: count,
  name: z.string().nullable(),
  contact: z.string().nullable(),
  reason: z.string().meta({ description: Object.keys(leftOutReasons).join(', ') }),
  words: z.string(),
});

export const countedSchema = z.object({
  read: count.meta({ description: 'People in the list.' }),
  audience: count.meta({ description: 'People who are written to: the number to confirm.' }),
  leftOut: z.record(z.string(), count).meta({ description: 'By reason.' }),
  notes: notesSchema.meta({ description: 'To be known before the start; nothing of it stops it.' }),
});

const problems = {
  400: problemSchema.meta({ description: 'The request is not as described.' }),
  401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
  403: problemSchema.meta({ description: 'A token without the scope campaigns.' }),
  404: problemSchema.meta({ description: 'No such campaign.' }),
  409: problemSchema.meta({ description: 'Not in this state of the campaign.' }),
  422: problemSchema.meta({
    description: 'It cannot be done with these data; the issues say why.',
  }),
  413: problemSchema.meta({ description: 'The body is too large.' }),
  503: problemSchema.meta({ description: 'The database is away: try again.' }),
};

/** What a route can answer instead of a success, beside what all of them can. */
export function problemsOf<Status extends keyof typeof problems>(
  ...own: Status[]
): Pick<typeof problems, Status | 400 | 401 | 403 | 503> {
  const statuses = [400, 401, 403, 503, ...own] as const;
  return Object.fromEntries(statuses.map((status) => [status, problems[status]])) as Pick<
    typeof problems,
    Status | 400 | 401 | 403 | 503
  >;
}

/** A campaign as it is answered, with its pace and the time that is left. */
export function answerFor(campaign: CampaignWithCounts, now: Date): z.input<typeof campaignSchema> {
  const { counts, startedAt, status } = campaign;
  const runFor = startedAt === null ? 0 : (now.getTime() - Date.parse(startedAt)) / 1_000;
  const perSecond = round(counts.sentLastMinute / Math.min(60, Math.max(1, runFor)));
  const open = counts.pending + counts.sending;
  const isMoving = status === 'running' && perSecond > 0;
  return {
    ...campaign,
    source: publicSource(campaign.source),
    progress: { perSecond, secondsLeft: isMoving ? Math.ceil(open / perSecond) : null },
  };
}

/** Without contacts: of those who are excluded only how many. */
function publicSource({ exclude, notes: _, ...source }: Campaign['source']) {
  return { ...source, excluded: Array.isArray(exclude) ? exclude.length : 0 };
}

/** The list of a campaign as it is answered; a campaign without one has nobody in it. */
export function listOf({ source }: Pick<Campaign, 'source'>, counted: Preview | null) {
  return { ...(counted ?? { read: 0, audience: 0, leftOut: {} }), notes: notesOf(source) };
}

/** A reason with its words. */
export function withWords<Row extends { reason: string }>(row: Row): Row & { words: string } {
  return { ...row, words: leftOutReasons[row.reason as LeftOutReason] ?? row.reason };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
