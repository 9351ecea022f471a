/** Looking at a campaign before it starts, and trying it on oneself. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { newId } from '@leadwire/shared/contract/ids';
import type { CampaignRecipient, ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import { z } from 'zod';
import { countedSchema, leftOutSchema, problemsOf, withWords, listOf } from './answers.ts';
import type { Campaign } from '../campaigns/campaign-store.ts';
import { shownAt, thawTexts } from '../campaigns/campaign-texts.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { secondsFor } from '../campaigns/sending-time.ts';
import { estimateSms, personOf } from '../campaigns/preview.ts';
import { readTestAddresses, sendTests } from '../sending/test-send.ts';

const MOST_TESTS = 10;
/** Leads nowhere: whoever opens a test or a preview is nobody's recipient. */
const SAMPLE_LINK = 'sample';

const smsSchema = z.object({
  people: z.number(),
  segments: z.number(),
  estimate: z.number().meta({ description: 'Segments times MOBIZON_SMS_PRICE.' }),
  bySegments: z.record(z.string(), z.number()),
  longest: z.object({
    row: z.number(),
    text: z.string(),
    segments: z.number(),
    encoding: z.enum(['GSM-7', 'UCS-2']),
    length: z.number(),
    oneSegment: z.number(),
    special: z.array(z.string()).meta({ description: 'Cyrillic and emoji: what makes it UCS-2.' }),
    segmentsWithoutSpecial: z.number(),
    segmentsWithoutEmoji: z.number(),
  }),
});

const previewSchema = countedSchema.extend({
  success: z.literal(true),
  people: z.object({
    items: z.array(leftOutSchema),
    nextAfter: z.number().nullable().meta({ description: 'For `after`; null at the end.' }),
  }),
  sample: z
    .object({
      row: z.number(),
      name: z.string().nullable(),
      subject: z.string().nullable(),
      text: z.string(),
    })
    .nullable(),
  takesSeconds: z.number().meta({
    description: 'From the first copy to the last, when nothing else is sent; without quiet hours.',
  }),
  sms: smsSchema.nullable().meta({ description: 'Of SMS campaigns, with the first page.' }),
});

const previewQuery = z.object({
  format: z.enum(['json', 'html', 'text']).default('json').meta({
    description: 'html: the page as a mail program shows it. text: its text part, or the SMS.',
  }),
  row: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Whose message; else the first.' }),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Adds the preview and the test send. */
export function addPreviewRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/campaigns/:id/preview',
    {
      schema: {
        tags: ['campaigns'],
        security: [{ adminToken: [] }],
        params: campaignParams,
        summary: 'Who gets what, who is left out and why, what an SMS costs',
        querystring: previewQuery,
        response: { 200: previewAnswers, ...problemsOf(404, 422) },
      },
    },
    async ({ params, query }, reply) => {
      const campaign = await campaignById(ports.store, params.id);
      const texts = await thawTexts(ports, campaign);
      const shown = await personShown(ports, campaign, query.row);
      if (query.format === 'json') {
        return previewOf(ports, campaign, { texts, ...shown, page: query });
      }
      const message = render(campaign, texts, { ...shown, at: shownAt(campaign, ports.now()) });
      if (query.format === 'text')
        return reply.type('text/plain; charset=utf-8').send(message.text);
      return reply
        .type('text/html; charset=utf-8')
        .header('Content-Security-Policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'")
        .send(message.html);
    },
  );

  typed.post(
    '/api/campaigns/:id/test',
    {
      schema: {
        tags: ['campaigns'],
        security: [{ adminToken: [] }],
        params: campaignParams,
        summary: 'Sends it to these addresses now, a mail with [Тест] in its subject',
        headers: z.looseObject({
          'idempotency-key': z.string().max(200).optional().meta({
            description: 'The same for a repeat of this request: nobody gets it twice.',
          }),
        }),
        body: z.strictObject({
          to: z.array(z.string().max(254)).min(1).max(MOST_TESTS),
          row: z.number().int().min(1).optional(),
        }),
        response: { 200: testAnswer, ...problemsOf(404, 422) },
      },
    },
    async ({ params, body, headers }) => {
      const campaign = await campaignById(ports.store, params.id);
      const key = headers['idempotency-key'];
      const results = await sendTests(ports.tests, {
        campaign,
        to: readTestAddresses(campaign.channel, body.to, ports.smsRefusal),
        key: key ?? newId(),
        mayBeRepeated: key !== undefined,
        texts: await thawTexts(ports, campaign),
        person: (await personShown(ports, campaign, body.row)).person,
        at: shownAt(campaign, ports.now()),
      });
      const sent = results.filter((result) => result.sent).length;
      ports.log.info({ campaignId: campaign.id, asked: results.length, sent }, 'test sent');
      return { success: true as const, results };
    },
  );
}

const previewAnswers = {
  description: 'The preview, or the message as a page or as text.',
  content: {
    'application/json': { schema: previewSchema },
    'text/html; charset=utf-8': { schema: z.string() },
    'text/plain; charset=utf-8': { schema: z.string() },
  },
};

const testAnswer = z.object({
  success: z.literal(true),
  results: z.array(z.object({ to: z.string(), sent: z.boolean(), error: z.string().optional() })),
});

interface Shown {
  person: CampaignRecipient;
  row: number | null;
}

/** @throws RequestError 404 for a row that is asked for and not there. */
async function personShown(
  { drafts, templates, publicBaseUrl }: HttpPorts,
  campaign: Campaign,
  row: number | undefined,
): Promise<Shown> {
  const unsubscribeUrl = `${publicBaseUrl}/u/${SAMPLE_LINK}`;
  const found = await personOf(drafts, campaign.id, row);
  if (found) {
    const { name, variables } = found;
    return { person: { name, variables, unsubscribeUrl }, row: found.row };
  }
  if (row !== undefined) throw new RequestError(404, 'nobody of this row is written to');
  // No list yet: the sample's own values stand for what comes per recipient.
  const sample = templates.list().find(({ name }) => name === campaign.template);
  const missing = (sample?.variables ?? []).filter(
    (variable) => variable.perRecipient && campaign.variables[variable.name] === undefined,
  );
  const variables = Object.fromEntries(missing.map(({ name }) => [name, `${publicBaseUrl}/`]));
  return { person: { name: null, variables, unsubscribeUrl }, row: null };
}

interface Message {
  subject: string | null;
  text: string;
  html: string;
}

function render(
  { channel }: Pick<Campaign, 'channel'>,
  texts: ThawedCampaign,
  { person, at }: { person: CampaignRecipient; at: Date },
): Message {
  if (channel === 'email') return texts.mail(person, at);
  const { text } = texts.sms(person, at);
  return { subject: null, text: `${text}\n`, html: smsPage(text) };
}

/** An SMS as a page: a bubble on a phone. */
function smsPage(text: string): string {
  const shown = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>SMS</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{background:#eef2f0;font:17px/24px system-ui,sans-serif;margin:0;padding:24px}
p{background:#fff;border-radius:18px;color:#14211c;margin:0 auto;max-width:340px;overflow-wrap:anywhere;padding:14px 18px}</style>
</head><body><p>${shown}</p></body></html>
`;
}

async function previewOf(
  { store, drafts, smsPrice, pace, channels, now }: HttpPorts,
  campaign: Campaign,
  {
    texts,
    person,
    row,
    page,
  }: Shown & {
    texts: ThawedCampaign;
    page: { after: number; limit: number };
  },
): Promise<z.input<typeof previewSchema>> {
  const at = shownAt(campaign, now());
  const [counted, leftOut] = await Promise.all([
    store.preview(campaign.id),
    store.leftOutPage(campaign.id, page.after, page.limit),
  ]);
  const { subject, text } = render(campaign, texts, { person, at });
  const last = leftOut.length < page.limit ? undefined : leftOut.at(-1);
  return {
    success: true,
    ...listOf(campaign, counted),
    people: { items: leftOut.map(withWords), nextAfter: last?.row ?? null },
    takesSeconds: secondsFor(counted?.audience ?? 0, campaign, {
      batchSize: channels[campaign.channel].batchSize,
      pace,
    }),
    sample: row === null ? null : { row, name: person.name, subject, text },
    sms:
      campaign.channel === 'sms' && page.after === 0
        ? await estimateSms(drafts, campaign, { texts, at, price: smsPrice })
        : null,
  };
}
