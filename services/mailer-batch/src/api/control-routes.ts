/** Starting and stopping. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { answerFor, campaignSchema, problemsOf } from './answers.ts';
import type { Moved } from '../campaigns/campaign-answers.ts';
import type { Campaign, ReadCampaign } from '../campaigns/campaign-store.ts';
import {
  freezeDraft,
  readTexts,
  refuseTooLate,
  refuseUnfinished,
} from '../campaigns/campaign-texts.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { createPauseAlerts } from '../campaigns/pause-alerts.ts';
import { peopleOf } from '../campaigns/preview.ts';
import { refreshSegment } from '../audience/new-audience.ts';

const answerSchema = z.object({ success: z.literal(true), campaign: campaignSchema });
const MOST_ISSUES = 1_000;

/** Adds start, pause, resume, cancel and retry. */
export function addControlRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { store, log, now, wakePump } = ports;
  const alerts = createPauseAlerts(ports);
  const answer = async (id: string, what: string) => {
    wakePump();
    log.info({ campaignId: id, what }, 'campaign moved');
    return { success: true as const, campaign: answerFor(await campaignById(store, id), now()) };
  };
  const schemaOf = (summary: string) => ({
    tags: ['control'],
    summary,
    security: [{ adminToken: [] }],
    params: campaignParams,
    response: { 200: answerSchema, ...problemsOf(404, 409, 422) },
  });

  typed.post(
    '/api/campaigns/:id/start',
    {
      schema: {
        ...schemaOf('Starts a draft now, or for the time that it is scheduled for'),
        body: z.strictObject({
          confirm: z.int('expected the number of people').meta({
            description:
              'Exactly how many people are written to. Another number: 409 with the right one.',
          }),
        }),
      },
    },
    async ({ params, body }) => {
      await start(ports, await campaignById(store, params.id), body.confirm);
      return answer(params.id, 'start');
    },
  );

  const moves: [path: string, summary: string, move: (id: string) => Promise<Moved>][] = [
    ['pause', 'Stops sending within a second', (id) => store.pause(id, 'by_hand')],
    ['resume', 'Goes on where it was paused', (id) => resume(ports, id)],
    ['cancel', 'Ends it for good; who was not written to is skipped', (id) => store.cancel(id)],
  ];
  for (const [path, summary, move] of moves) {
    typed.post(
      `/api/campaigns/:id/${path}`,
      { schema: schemaOf(summary) },
      async ({ params: { id } }) => {
        const moved = await move(id);
        if (moved.kind === 'missing') throw new RequestError(404, 'there is no such campaign');
        if (moved.kind === 'not_allowed') throw notWhile(moved.status, path);
        if (path !== 'pause') await alerts.decided(id);
        return answer(id, path);
      },
    );
  }

  typed.post(
    '/api/campaigns/:id/retry',
    {
      schema: {
        ...schemaOf('Tries the failed ones once more'),
        body: z
          .strictObject({
            unknownToo: z.boolean().default(false).meta({
              description:
                'Also those of whom nobody knows whether they got it: they may get it twice.',
            }),
          })
          .prefault({}),
        response: {
          200: answerSchema.extend({ people: z.number().int() }),
          ...problemsOf(404, 409, 422),
        },
      },
    },
    async ({ params: { id }, body: { unknownToo } }) => {
      const campaign = await campaignById(store, id);
      const { channel } = campaign;
      refuseOver(ports, campaign);
      const retried = await store.retry(id, {
        batchSize: ports.channels[channel].batchSize,
        unknownToo,
      });
      if (retried.kind === 'missing') throw new RequestError(404, 'there is no such campaign');
      if (retried.kind === 'not_allowed') throw notWhile(retried.status, 'retry');
      const people = retried.kind === 'retried' ? retried.people : 0;
      return { ...(await answer(id, 'retry')), people };
    },
  );
}

async function resume(ports: HttpPorts, id: string): Promise<Moved> {
  const campaign = await campaignById(ports.store, id);
  if (campaign.status === 'paused') refuseOver(ports, campaign);
  return ports.store.resume(id);
}

/** As at the start, for what is sent from now on: what it is about may be over by now. @throws RequestError 422. */
function refuseOver({ templates, now }: HttpPorts, campaign: Campaign): void {
  // One that this version does not know any more goes on with what was frozen.
  if (!templates.list().some(({ name }) => name === campaign.template)) return;
  refuseTooLate(templates, { ...campaign, scheduledFor: null }, now());
}

/** @throws RequestError 409 with the right count, or for a campaign that is no draft; 422 for what cannot be sent. */
async function start(ports: HttpPorts, campaign: ReadCampaign, expected: number): Promise<void> {
  if (campaign.status !== 'draft') throw notWhile(campaign.status, 'start');
  if (campaign.channel === 'sms' && !ports.areSmsOn) {
    throw new RequestError(409, 'SMS are off here: SMS_ENABLED=false');
  }
  refuseTooLate(ports.templates, campaign, ports.now());
  refuseUnfinished(ports.templates, campaign);
  await refuseMissingVariables(ports, campaign);
  // The number that is confirmed is compared with the segment as it is now.
  const isNew = await refreshSegment(ports, campaign);
  const read = isNew ? await campaignById(ports.store, campaign.id) : campaign;
  const started = await ports.store.start(read, {
    expected,
    frozen: freezeDraft(ports, campaign),
    batchSize: ports.channels[campaign.channel].batchSize,
  });
  switch (started.kind) {
    case 'started':
    case 'scheduled':
      return;
    case 'count_differs': {
      const { audience } = started;
      const issue = { path: 'confirm', message: `the audience has ${audience} people` };
      const message = `the audience has ${audience} people: look at the preview and confirm that number`;
      throw new RequestError(409, message, [issue], { audience });
    }
    case 'no_audience':
      throw new RequestError(422, 'there is nobody to write to', [
        {
          path: 'audience',
          message: campaign.audienceReady ? 'nobody is left' : 'no complete list',
        },
      ]);
    case 'changed':
      throw new RequestError(
        409,
        'the draft was changed at this moment: look at the preview again',
      );
    case 'not_draft':
      throw notWhile(started.status, 'start');
    case 'missing':
      throw new RequestError(404, 'there is no such campaign');
  }
}

/** The list was checked when it came; the campaign's own variables may have changed since. */
async function refuseMissingVariables(
  { store, templates }: HttpPorts,
  campaign: Campaign,
): Promise<void> {
  const { template, variables } = readTexts(templates, campaign);
  if (templates.readRecipient(template, variables, {}).issues === undefined) return;
  const issues: { path: string; message: string }[] = [];
  for await (const person of peopleOf(store, campaign.id)) {
    const given = { ...variables, ...person.variables };
    const missing = templates.readRecipient(template, given, {}).issues ?? [];
    for (const { path } of missing) {
      issues.push({ path: `row ${person.row}`, message: `${path}: missing` });
    }
    if (issues.length >= MOST_ISSUES) break;
  }
  if (issues.length > 0) throw new RequestError(422, 'variables are missing for some', issues);
}

function notWhile(status: Campaign['status'], what: string): RequestError {
  return new RequestError(409, `the campaign is ${status}: it cannot ${what}`);
}
