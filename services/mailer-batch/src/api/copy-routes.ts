/** A campaign made from another one: copied, sent again to those who did not open it; and drafts that are deleted. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { newId } from '@leadwire/shared/contract/ids';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { answerFor, campaignSchema, problemsOf } from './answers.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { storeList, takeList } from '../audience/new-audience.ts';
import { campaignFields } from '../campaigns/campaign-fields.ts';
import type { Campaign } from '../campaigns/campaign-store.ts';

const answer = z.object({ success: z.literal(true), campaign: campaignSchema });
const nameBody = z.strictObject({ name: campaignFields.name.optional() }).prefault({});
const LONGEST_NAME = 200;

/** Adds copy, resend and delete. */
export function addCopyRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { store, copies, now } = ports;
  const schemaOf = (summary: string) => ({
    tags: ['campaigns'],
    summary,
    security: [{ adminToken: [] }],
    params: campaignParams,
  });
  const made = async (id: string) => ({
    success: true as const,
    campaign: answerFor(await campaignById(store, id), now()),
  });

  typed.post(
    '/api/campaigns/:id/copy',
    {
      schema: {
        ...schemaOf('A new draft with the same text and the same list'),
        body: nameBody,
        response: { 201: answer, ...problemsOf(404) },
      },
    },
    async ({ params, body }, reply) => {
      const from = await campaignById(store, params.id);
      const id = await draftLike(ports, from, body.name ?? `${from.name} (копия)`);
      await copies.copyList(id, from.id);
      return reply.code(201).send(await made(id));
    },
  );

  typed.post(
    '/api/campaigns/:id/resend',
    {
      schema: {
        ...schemaOf('A new draft for those who got it and did not open it'),
        body: nameBody,
        response: { 201: answer, ...problemsOf(404, 409, 422) },
      },
    },
    async ({ params, body }, reply) => {
      const from = await campaignById(store, params.id);
      if (from.channel !== 'email') throw new RequestError(409, 'nobody knows who opened an SMS');
      if (from.counts.sent === 0) throw new RequestError(409, 'nobody has got this campaign yet');
      const audience = { kind: 'segment' as const, filter: unopened(from.id) };
      const list = await takeList(ports, from, audience, []);
      // The topic is theirs already: with it everybody would be left out.
      const id = await draftLike(
        ports,
        { ...from, topic: null },
        body.name ?? `${from.name} (ещё раз)`,
      );
      await storeList(ports, id, list, audience);
      return reply.code(201).send(await made(id));
    },
  );

  typed.delete(
    '/api/campaigns/:id',
    {
      schema: {
        ...schemaOf('Deletes a draft with its list'),
        response: { 200: z.object({ success: z.literal(true) }), ...problemsOf(404, 409) },
      },
    },
    async ({ params: { id } }) => {
      const deleted = await copies.remove(id);
      if (deleted.kind === 'missing') throw new RequestError(404, 'there is no such campaign');
      if (deleted.kind === 'not_allowed') {
        throw new RequestError(409, `the campaign is ${deleted.status}: only drafts are deleted`);
      }
      return { success: true as const };
    },
  );
}

const unopened = (id: string) => ({
  all: [
    { field: 'campaign_sent', op: 'is' as const, value: id },
    { field: 'campaign_opened', op: 'is_not' as const, value: id },
  ],
});

/** Text, times and pace of a campaign in a new draft without people and without a schedule. */
export async function draftLike(
  { drafts, copies }: Pick<HttpPorts, 'drafts' | 'copies'>,
  from: Campaign,
  name: string,
): Promise<string> {
  const id = newId();
  const { channel, template, topic, variables, quietHours, timeZone, ratePerSecond } = from;
  const { maxBouncePercent, maxErrorPercent } = from;
  await drafts.make({
    id,
    requestHash: null,
    name: name.slice(0, LONGEST_NAME),
    channel,
    template,
    topic,
    variables,
    quietHours,
    timeZone,
    ratePerSecond,
    ...(maxBouncePercent !== null && { maxBouncePercent }),
    ...(maxErrorPercent !== null && { maxErrorPercent }),
    source: { kind: null, copiedFrom: from.id },
  });
  if (from.subject !== null) await copies.patch(id, { subject: from.subject }, null);
  return id;
}
