/** Making drafts and giving them their lists. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { contentHash, derivedId, newId } from '@leadwire/shared/contract/ids';
import { z } from 'zod';
import { answerFor, campaignSchema, countedSchema, listOf, problemsOf } from './answers.ts';
import { campaignFields } from '../campaigns/campaign-fields.ts';
import type { Campaign } from '../campaigns/campaign-store.ts';
import { readTexts, refusePast } from '../campaigns/campaign-texts.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import {
  audienceSchema,
  namedColumnsSchema,
  storeList,
  takeList,
  type AudienceSource,
} from '../audience/new-audience.ts';

/** 100,000 rows of a spreadsheet with a few columns are 10 to 20 MB. */
const AUDIENCE_LIMIT_BYTES = 64 * 1024 * 1024;
/** The same file in base64, with the campaign around it. */
const DRAFT_LIMIT_BYTES = Math.ceil((AUDIENCE_LIMIT_BYTES * 4) / 3) + 1024 * 1024;
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
  subject: campaignFields.subject.optional(),
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

const KEY_RULE = 'expected 1 to 200 printable ASCII characters';
const draftHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .max(200, KEY_RULE)
    .regex(/^[\x20-\x7E]*$/, KEY_RULE)
    .optional()
    .meta({
      description:
        'One value for each campaign, repeated when the request is sent again: the repeat answers 200 with the same draft, at any later time. With another body: 422.',
    }),
});

/** Adds the routes that make a draft and replace its list. */
export function addDraftRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/campaigns',
    {
      bodyLimit: DRAFT_LIMIT_BYTES,
      schema: {
        ...about('A new draft, with its list or without'),
        headers: draftHeaders,
        body: newCampaignSchema,
        response: {
          201: takenAnswer,
          200: takenAnswer.extend({ duplicate: z.literal(true) }).meta({
            description: 'This key made a draft before; nothing was done.',
          }),
          ...problemsOf(409, 413, 422),
        },
      },
    },
    async ({ body, headers }, reply) => {
      const key = headers['idempotency-key']?.trim() ?? '';
      const request = key === '' ? newRequest() : keyedRequest(key, body);
      if (await isDone(ports, request, body)) {
        return reply.code(200).send({ ...(await taken(ports, request.id)), duplicate: true });
      }
      await makeDraft(ports, body, request);
      ports.log.info({ campaignId: request.id, channel: body.channel }, 'campaign made');
      return reply.code(201).send(await taken(ports, request.id));
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
        querystring: columnsQuery,
        response: { 200: takenAnswer, ...problemsOf(404, 409, 413, 422) },
      },
    },
    async ({ params, body, query }) => {
      const campaign = await campaignById(ports.store, params.id);
      if (campaign.status !== 'draft') {
        throw new RequestError(409, `the campaign is ${campaign.status}: its audience is frozen`);
      }
      await replaceList(ports, campaign, readNewList(body, query));
      return taken(ports, campaign.id);
    },
  );
}

/** The draft that a request makes; a repeat of the request names the same one. `hash` is null when there is no key. */
interface DraftRequest {
  id: string;
  hash: string | null;
}

const newRequest = (): DraftRequest => ({ id: newId(), hash: null });
const keyedRequest = (key: string, body: NewCampaignBody): DraftRequest => ({
  id: derivedId('campaign', key),
  hash: contentHash(body),
});

/**
 * Whether an earlier one has done all of it. One that was cut off before its list was stored is gone on with.
 * @throws RequestError 422 when the key was used for something else.
 */
async function isDone(
  { database }: HttpPorts,
  { id, hash }: DraftRequest,
  { audience }: NewCampaignBody,
): Promise<boolean> {
  if (hash === null) return false;
  const known = await database.rowById('campaigns', id);
  if (known === undefined) return false;
  if (known['request_hash'] !== hash) throw keyUsed();
  return audience === undefined || known['audience_ready'] === true || known['status'] !== 'draft';
}

function keyUsed(): RequestError {
  return new RequestError(422, 'this key was used before, for another campaign');
}

/** The list is read before anything is stored: a draft is made with all of it, or not at all. */
async function makeDraft(
  ports: HttpPorts,
  body: NewCampaignBody,
  { id, hash }: DraftRequest,
): Promise<void> {
  readTexts(ports.templates, body);
  refusePast('schedule', body.schedule, ports.now());
  const { audience, exclude: excluded, schedule: scheduledFor = null, ...rest } = body;
  const list = audience && (await takeList(ports, body, audience, excluded));
  const { defaults } = ports;
  const made = await ports.drafts.make({
    id,
    requestHash: hash,
    ...defaults,
    name: rest.name,
    channel: rest.channel,
    template: rest.template,
    variables: rest.variables,
    topic: rest.topic ?? null,
    scheduledFor,
    quietHours: rest.quietHours === undefined ? defaults.quietHours : rest.quietHours,
    timeZone: rest.timeZone ?? defaults.timeZone,
    ratePerSecond: rest.ratePerSecond ?? null,
    source: { kind: null, exclude: excluded },
  });
  // Two requests with one key at the same moment.
  if (made.requestHash !== hash) throw keyUsed();
  if (rest.subject) await ports.copies.patch(id, { subject: rest.subject }, null);
  if (list && audience) await storeList(ports, id, list, audience, excluded);
}

/** For text/csv; JSON says it in `audience.columns`. */
const columnsQuery = z.object({
  nameColumn: namedColumnsSchema.shape.name,
  emailColumn: namedColumnsSchema.shape.email,
  phoneColumn: namedColumnsSchema.shape.phone,
});

/** What came as text/csv is bytes; anything else is checked here, because one schema cannot say both. */
function readNewList(body: unknown, query: z.infer<typeof columnsQuery>): NewList {
  if (Buffer.isBuffer(body)) {
    const { nameColumn: name, emailColumn: email, phoneColumn: phone } = query;
    return { audience: { kind: 'csv', csv: body, columns: { name, email, phone } } };
  }
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
  const list = await takeList(ports, campaign, given.audience, excluded);
  await storeList(ports, campaign.id, list, given.audience, excluded);
}

async function taken({ store, now }: HttpPorts, id: string) {
  const [campaign, preview] = await Promise.all([campaignById(store, id), store.preview(id)]);
  return {
    success: true as const,
    campaign: answerFor(campaign, now()),
    preview: listOf(campaign, preview),
  };
}

function about(summary: string) {
  return { tags: ['campaigns'], summary, security: [{ adminToken: [] }] };
}
