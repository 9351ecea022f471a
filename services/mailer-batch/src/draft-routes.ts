/** Making drafts and giving them their lists. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/http-problems';
import { newId } from '@leadwire/shared/ids';
import { z } from 'zod';
import { answerFor, campaignSchema, countedSchema, problems } from './answers.ts';
import { campaignFields } from './campaign-fields.ts';
import type { Campaign } from './campaign-store.ts';
import { readTexts } from './campaign-texts.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { audienceSchema, storeList, takeList, type AudienceSource } from './new-audience.ts';

/** 100,000 rows of a spreadsheet with a few columns are 10 to 20 MB. */
const AUDIENCE_LIMIT_BYTES = 64 * 1024 * 1024;
const MOST_EXCLUSIONS = 10_000;

const exclude = z
  .array(z.string().max(254))
  .max(MOST_EXCLUSIONS)
  .meta({ description: 'Mail addresses and phones that this campaign leaves out.' });
const newCampaignSchema = z.strictObject({
  name: campaignFields.name,
  channel: z.enum(['email', 'sms']),
  template: z.string().meta({ examples: ['stream-moved'] }),
  variables: campaignFields.variables.default({}),
  topic: campaignFields.topic.optional().meta({
    description: 'Who got an earlier campaign about the same topic is left out.',
  }),
  audience: audienceSchema.optional(),
  exclude: exclude.default([]),
  schedule: campaignFields.scheduledFor.optional(),
  quietHours: campaignFields.quietHours.optional(),
  timeZone: campaignFields.timeZone.optional(),
  ratePerSecond: campaignFields.ratePerSecond.optional(),
});
type NewCampaignBody = z.infer<typeof newCampaignSchema>;

/** Beside `text/csv`, which is the file's bytes. */
export const newListSchema = z.strictObject({
  audience: audienceSchema,
  exclude: exclude.optional(),
});

const takenAnswer = z.object({
  success: z.literal(true),
  campaign: campaignSchema,
  preview: countedSchema,
});

/** Adds the routes that make a draft and replace its list. */
export function addDraftRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/campaigns',
    {
      bodyLimit: AUDIENCE_LIMIT_BYTES,
      schema: {
        ...about('A new draft, with its list or without'),
        body: newCampaignSchema,
        response: { 201: takenAnswer, ...problems },
      },
    },
    async ({ body }, reply) => {
      const id = await makeDraft(ports, body);
      ports.log.info({ campaignId: id, channel: body.channel }, 'campaign made');
      reply.code(201);
      return taken(ports, id);
    },
  );

  typed.put(
    '/api/campaigns/:id/audience',
    {
      bodyLimit: AUDIENCE_LIMIT_BYTES,
      schema: {
        ...about('The list of a draft, in place of the one before'),
        description:
          'text/csv: the file as it is. application/json: { audience, exclude? } as for a new campaign.',
        consumes: ['text/csv', 'application/json'],
        params: campaignParams,
        response: { 200: takenAnswer, ...problems },
      },
    },
    async ({ params, body }) => {
      const campaign = await campaignById(ports.store, params.id);
      if (campaign.status !== 'draft') {
        throw new RequestError(409, `the campaign is ${campaign.status}: its audience is frozen`);
      }
      await replaceList(ports, campaign, readNewList(body));
      return taken(ports, campaign.id);
    },
  );
}

/** The list is read before anything is stored: a draft is made with all of it, or not at all. */
async function makeDraft(ports: HttpPorts, body: NewCampaignBody): Promise<string> {
  readTexts(ports.templates, body);
  const { audience, exclude: excluded, schedule: scheduledFor = null, ...rest } = body;
  const list = audience && (await takeList(ports, body, audience, excluded));
  const id = newId();
  const { defaults } = ports;
  await ports.store.createCampaign({
    ...{ id, ...defaults, name: rest.name, channel: rest.channel, template: rest.template },
    ...{ variables: rest.variables, topic: rest.topic ?? null, scheduledFor },
    quietHours: rest.quietHours === undefined ? defaults.quietHours : rest.quietHours,
    timeZone: rest.timeZone ?? defaults.timeZone,
    ratePerSecond: rest.ratePerSecond ?? null,
    source: { ...sourceOf(audience), exclude: excluded },
  });
  if (list) await storeList(ports, id, list);
  return id;
}

/** Where the people came from, without the people. */
function sourceOf(audience: AudienceSource | undefined): Record<string, unknown> {
  if (audience?.kind !== 'table') return { kind: audience?.kind ?? null };
  const { kind, project, table, filter } = audience;
  return { kind, project, table, filter };
}

/** What came as text/csv is bytes; anything else is checked here, because one schema cannot say both. */
function readNewList(body: unknown): NewList {
  if (Buffer.isBuffer(body)) return { audience: { kind: 'csv', csv: body } };
  const read = newListSchema.safeParse(body);
  if (read.success) return read.data;
  throw new RequestError(
    400,
    'the request is not valid',
    read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  );
}

type NewList = { audience: AudienceSource; exclude?: string[] | undefined };

/** The draft's own exclusions stay unless new ones come with the list. */
async function replaceList(ports: HttpPorts, campaign: Campaign, given: NewList): Promise<void> {
  const excluded = given.exclude ?? exclude.catch([]).parse(campaign.source['exclude']);
  await storeList(ports, campaign.id, await takeList(ports, campaign, given.audience, excluded));
}

async function taken({ store, now }: HttpPorts, id: string) {
  const [campaign, preview] = await Promise.all([campaignById(store, id), store.preview(id)]);
  return {
    success: true as const,
    campaign: answerFor(campaign, now()),
    preview: preview ?? { read: 0, audience: 0, leftOut: {} },
  };
}

function about(summary: string) {
  return { tags: ['campaigns'], summary, security: [{ adminToken: [] }] };
}
