/** What became of everybody. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answerFor, campaignSchema, countedSchema, problemsOf, listOf } from './answers.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { summarySchema, type Summary } from '../reports/report-store.ts';
import { reportCsv } from '../reports/report-csv.ts';

const time = z.string().nullable();
const personSchema = z.object({
  row: z.number(),
  name: z.string().nullable(),
  contact: z.string(),
  status: z.enum(['pending', 'sending', 'sent', 'failed', 'skipped', 'unknown']),
  reason: z.string().nullable(),
  error: z.string().nullable(),
  attempts: z.number(),
  batch: z.number().nullable(),
  providerId: z.string().nullable(),
  sentAt: time,
  deliveredAt: time,
  openedAt: time,
  clickedAt: time.meta({ description: 'A person’s first click.' }),
  programClickedAt: time.meta({ description: 'A scanner’s or a preview’s first click.' }),
  bouncedAt: time,
  complainedAt: time,
});
const reportSchema = z.object({
  success: z.literal(true),
  campaign: campaignSchema,
  list: countedSchema,
  people: z.object({ items: z.array(personSchema), nextAfter: z.number().nullable() }),
  summary: summarySchema
    .extend({
      cost: z.number().nullable().meta({
        description: 'Of SMS: segments that went out times MOBIZON_SMS_PRICE. Mails have no price.',
      }),
    })
    .meta({
      description: 'Domains with trouble first, links by people, sales within 14 days.',
    }),
});

/** Adds the report: JSON in pages, or the whole of it as CSV. */
export function addReportRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { store, now } = ports;
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/campaigns/:id/report',
    {
      schema: {
        tags: ['campaigns'],
        security: [{ adminToken: [] }],
        params: campaignParams,
        summary: 'What became of everybody; the whole list with `Accept: text/csv`',
        querystring: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
        response: {
          200: {
            description: 'A page as JSON, or everybody as CSV.',
            content: {
              'application/json': { schema: reportSchema },
              'text/csv; charset=utf-8': { schema: z.string() },
            },
          },
          ...problemsOf(404),
        },
      },
    },
    async ({ params, query, headers }, reply) => {
      const campaign = await campaignById(store, params.id);
      if (/\btext\/csv\b/i.test(headers.accept ?? '')) {
        const answer: FastifyReply = reply;
        await answer
          .type('text/csv; charset=utf-8')
          .header('Content-Disposition', `attachment; filename="campaign-${campaign.id}.csv"`)
          .send(reportCsv(store, campaign.id));
        return reply;
      }
      const [summary, counted, items] = await Promise.all([
        ports.reports.summary(campaign.id),
        store.preview(campaign.id),
        store.recipientsPage(campaign.id, query.after, query.limit),
      ]);
      const last = items.length < query.limit ? undefined : items.at(-1);
      return {
        success: true as const,
        campaign: answerFor(campaign, now()),
        list: listOf(campaign, counted),
        people: { items, nextAfter: last?.row ?? null },
        summary: { ...summary, cost: costOf(summary, ports.smsPrice) },
      };
    },
  );
}

/** In the currency of the price. */
function costOf({ segments }: Pick<Summary, 'segments'>, price: number): number | null {
  return segments === null ? null : Math.round(segments * price * 100) / 100;
}
