/** Two subjects of one campaign, or two texts: tried on a part of the list, the rest gets the better one by itself. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { problemsOf } from './answers.ts';
import { draftLike } from './copy-routes.ts';
import { campaignById, campaignParams, type HttpPorts } from './http-ports.ts';
import { refreshSegment } from '../audience/new-audience.ts';
import { textNameSchema } from '@leadwire/templates/own-texts/own-text';
import { campaignFields } from '../campaigns/campaign-fields.ts';
import { freezeDraft, refuseTooLate, refuseUnfinished } from '../campaigns/campaign-texts.ts';
import type { ReadCampaign } from '../campaigns/campaign-store.ts';
import { subjectTestSchema } from '../campaigns/subject-store.ts';

const subject = campaignFields.subject.unwrap();
const answer = z.object({ success: z.literal(true), test: subjectTestSchema.nullable() });
const bodySchema = z.strictObject({
  subjects: z.tuple([subject, subject]).optional(),
  templates: z.tuple([textNameSchema, textNameSchema]).optional().meta({
    description: 'In place of `subjects`: two texts, each with a subject of its own.',
  }),
  sharePercent: z.number().min(2).max(80).default(20).meta({
    description: 'How much of the list gets one of the two, half of it each.',
  }),
  waitHours: z.number().min(0).max(72).default(4).meta({
    description: 'From the start of the two to the choice.',
  }),
  confirm: z.int('expected the number of people').meta({
    description: 'Everybody who is written to in the end, exactly.',
  }),
});
type Body = z.infer<typeof bodySchema>;

/** Adds the test of two subjects: begin it, look at it. */
export function addSubjectRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const schemaOf = (summary: string) => ({
    tags: ['control'],
    summary,
    security: [{ adminToken: [] }],
    params: campaignParams,
    response: { 200: answer, ...problemsOf(404, 409, 422) },
  });
  typed.get(
    '/api/campaigns/:id/subjects',
    { schema: schemaOf('The test of subjects that a campaign is a part of') },
    async ({ params }) => ({ success: true as const, test: await ports.subjects.of(params.id) }),
  );
  typed.post(
    '/api/campaigns/:id/subjects',
    {
      schema: {
        ...schemaOf('Starts a draft with two subjects or two texts for a part of its list'),
        body: bodySchema,
      },
    },
    async ({ params, body }) => {
      await begin(ports, await campaignById(ports.store, params.id), body);
      ports.log.info({ campaignId: params.id, what: 'subjects' }, 'campaign moved');
      return { success: true as const, test: await ports.subjects.of(params.id) };
    },
  );
}

/** The two that are tried against each other. @throws RequestError 409 for what is no draft of a mail; 422 */
function readPair(draft: ReadCampaign, body: Body) {
  const { subjects, templates } = body;
  if (draft.channel !== 'email') throw new RequestError(409, 'an SMS has no subject');
  if (draft.status !== 'draft') {
    throw new RequestError(409, `the campaign is ${draft.status}: it cannot start`);
  }
  const pair = subjects ?? templates;
  if (!pair || (subjects && templates)) {
    throw new RequestError(422, 'give either two subjects or two texts');
  }
  if (pair[0] === pair[1]) {
    throw new RequestError(422, `the two ${subjects ? 'subjects' : 'texts'} are the same`);
  }
  return { subjects: subjects ?? null, templates: templates ?? null };
}

/** @throws RequestError as `readPair`; 409 with the right count; 422 for what cannot be sent. */
async function begin(ports: HttpPorts, draft: ReadCampaign, body: Body): Promise<void> {
  const { subjects, templates } = readPair(draft, body);
  await ports.ownTexts.refresh();
  for (const template of templates ?? [draft.template]) {
    const tried = { ...draft, template };
    refuseTooLate(ports.templates, tried, ports.now());
    refuseUnfinished(ports.templates, tried);
    freezeDraft(ports, tried);
  }
  await refreshSegment(ports, draft);
  const each = Math.max(1, Math.round((body.confirm * body.sharePercent) / 200));
  if (body.confirm <= each * 2) throw new RequestError(422, 'too few people to try two of them');
  const word = subjects ? 'тема' : 'текст';
  const [aId, bId] = [
    await draftLike(ports, draft, `${draft.name} · ${word} А`),
    await draftLike(ports, draft, `${draft.name} · ${word} Б`),
  ];
  const split = await ports.subjects.split(draft.id, {
    aId,
    bId,
    subjects,
    templates,
    each,
    expected: body.confirm,
    waitHours: body.waitHours,
  });
  if (split.kind === 'split') return;
  // Nobody is in them.
  await Promise.all([aId, bId].map((id) => ports.copies.remove(id)));
  if (split.kind === 'count_differs') {
    const { audience } = split;
    const issue = { path: 'confirm', message: `the audience has ${audience} people` };
    const message = `the audience has ${audience} people: look at the preview and confirm that number`;
    throw new RequestError(409, message, [issue], { audience });
  }
  throw new RequestError(409, 'the draft was changed at this moment: look at the preview again');
}
