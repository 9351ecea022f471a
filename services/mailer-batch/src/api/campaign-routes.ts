/** Listing, reading and changing campaigns. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { answerFor, campaignSchema, problemsOf } from './answers.ts';
import { campaignFields } from '../campaigns/campaign-fields.ts';
import type { CampaignWithCounts } from '../campaigns/campaign-store.ts';
import { readTexts, refusePast, refuseTooLate } from '../campaigns/campaign-texts.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';

const patchSchema = z
  .strictObject(campaignFields)
  .partial()
  .extend({
    changedAt: z.string().optional().meta({
      description:
        'When it was last changed as it was read: 409 when somebody has changed it since.',
    }),
  });

const campaignAnswer = z.object({ success: z.literal(true), campaign: campaignSchema });

/** Adds the routes that list, read and change campaigns. */
export function addCampaignRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { store, drafts, now } = ports;
  const answer = (campaign: CampaignWithCounts) => ({
    success: true as const,
    campaign: answerFor(campaign, now()),
  });

  typed.get(
    '/api/campaigns',
    {
      schema: {
        ...about('The newest campaigns'),
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          idPrefix: z
            .string()
            .regex(/^[0-9a-f-]{8,36}$/i, 'expected the first 8 characters of an id, or more')
            .optional()
            .meta({ description: 'Only those whose id begins so.' }),
        }),
        response: {
          200: z.object({ success: z.literal(true), campaigns: z.array(campaignSchema) }),
          ...problemsOf(),
        },
      },
    },
    async ({ query: { limit, idPrefix } }) => {
      const found = await (idPrefix === undefined
        ? store.list(limit)
        : drafts.find(idPrefix, limit));
      return {
        success: true as const,
        campaigns: found.map((campaign) => answerFor(campaign, now())),
      };
    },
  );

  typed.get(
    '/api/campaigns/:id',
    {
      schema: {
        ...about('A campaign: counts, pace, time left'),
        params: campaignParams,
        response: { 200: campaignAnswer, ...problemsOf(404) },
      },
    },
    async ({ params }) => answer(await campaignById(store, params.id)),
  );

  typed.patch(
    '/api/campaigns/:id',
    {
      schema: {
        ...about(
          'Changes a campaign: the rate until it ends, the schedule until it starts, a draft’s rest',
        ),
        params: campaignParams,
        body: patchSchema,
        response: { 200: campaignAnswer, ...problemsOf(404, 409, 422) },
      },
    },
    async ({ params, body }) => {
      const campaign = await campaignById(store, params.id);
      const { changedAt = null, ...changes } = body;
      const given = Object.fromEntries(
        Object.entries(changes).filter(([, value]) => value !== undefined),
      );
      if (body.variables) readTexts(ports.templates, { ...campaign, variables: body.variables });
      refusePast('scheduledFor', body.scheduledFor, now());
      if (body.scheduledFor !== undefined && campaign.status === 'scheduled') {
        const { scheduledFor } = body;
        // Without a time it would begin at once, which is what `start` is for.
        if (scheduledFor === null) throw needsTime();
        refuseTooLate(ports.templates, { ...campaign, scheduledFor }, now());
      }
      const patched = await ports.copies.patch(campaign.id, given, changedAt);
      if (patched.kind === 'stale') {
        throw new RequestError(409, 'somebody has changed the draft meanwhile: look at it again');
      }
      if (patched.kind === 'not_allowed') {
        const issue = { path: patched.field, message: `not while it is ${patched.status}` };
        throw new RequestError(409, `the campaign is ${patched.status}`, [issue]);
      }
      return answer(await campaignById(store, campaign.id));
    },
  );

  typed.get(
    '/api/templates',
    {
      schema: {
        ...about('The campaign templates and what they ask for'),
        response: templatesAnswer,
      },
    },
    () => ({ success: true as const, templates: ports.templates.list() }),
  );
}

function needsTime(): RequestError {
  const issue = { path: 'scheduledFor', message: 'expected another time; cancel it to stop it' };
  return new RequestError(422, 'a scheduled campaign needs its time', [issue]);
}

const templatesAnswer = {
  ...problemsOf(),
  200: z.object({
    success: z.literal(true),
    templates: z.array(
      z.object({
        name: z.string(),
        own: z
          .object({ title: z.string(), version: z.number() })
          .nullable()
          .meta({ description: 'Of a text that people wrote: its title and version.' }),
        channels: z.array(z.enum(['email', 'sms'])),
        variables: z.array(
          z.object({
            name: z.string(),
            required: z.boolean(),
            perRecipient: z.boolean(),
            description: z.string(),
          }),
        ),
      }),
    ),
  }),
};

function about(summary: string) {
  return { tags: ['campaigns'], summary, security: [{ adminToken: [] }] };
}
