/** Segments: counted while they are made, saved under a name, shared by everybody here. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { newId } from '@leadwire/shared/contract/ids';
import { segmentFilterSchema, segmentNameSchema } from '@leadwire/shared/contract/segments';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { problemsOf } from './answers.ts';
import { actorOf } from './audit.ts';
import type { HttpPorts } from './http-ports.ts';
import { segmentSchema } from '../audience/segment-store.ts';

const params = z.object({ id: z.uuid('expected the id of a segment') });
const answer = z.object({ success: z.literal(true), segment: segmentSchema });
const bodySchema = z.strictObject({ name: segmentNameSchema, filter: segmentFilterSchema });

/** Adds `/api/segments`: list, count, make, change, delete. */
export function addSegmentRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { segments, defaults } = ports;
  const about = (summary: string) => ({
    tags: ['segments'],
    summary,
    security: [{ adminToken: [] }],
  });

  typed.get(
    '/api/segments',
    {
      schema: {
        ...about('Saved segments, by their names'),
        response: {
          200: z.object({ success: z.literal(true), segments: z.array(segmentSchema) }),
          ...problemsOf(),
        },
      },
    },
    async () => ({ success: true as const, segments: await segments.list() }),
  );

  typed.post(
    '/api/segments/count',
    {
      schema: {
        ...about('How many people a filter has now; nothing is stored'),
        body: z.strictObject({
          filter: segmentFilterSchema,
          channel: z.enum(['email', 'sms']).default('email'),
        }),
        response: {
          200: z.object({
            success: z.literal(true),
            people: z.number(),
            reachable: z
              .number()
              .meta({ description: 'Without those who must not be written to.' }),
          }),
          ...problemsOf(422),
        },
      },
    },
    async ({ body: { filter, channel } }) => {
      const view = { channel, timeZone: defaults.timeZone };
      return { success: true as const, ...(await segments.count(filter, view)) };
    },
  );

  typed.post(
    '/api/segments',
    {
      schema: {
        ...about('Saves a filter under a name'),
        body: bodySchema,
        response: { 201: answer, ...problemsOf(409, 422) },
      },
    },
    async ({ body, headers }, reply) => {
      const segment = { id: newId(), ...body, createdBy: actorOf(headers) };
      return reply.code(201).send(await save(ports, segment, null));
    },
  );

  typed.put(
    '/api/segments/:id',
    {
      schema: {
        ...about('Changes a segment as it was read'),
        params,
        body: bodySchema.extend({
          changedAt: z
            .string()
            .meta({ description: 'As it was read: 409 when it is another now.' }),
        }),
        response: { 200: answer, ...problemsOf(409, 422) },
      },
    },
    async ({ params: { id }, body: { changedAt, ...body }, headers }) =>
      save(ports, { id, ...body, createdBy: actorOf(headers) }, changedAt),
  );

  typed.delete(
    '/api/segments/:id',
    {
      schema: {
        ...about('Deletes a segment; drafts that were made of it keep its filter'),
        params,
        response: { 200: z.object({ success: z.literal(true) }), ...problemsOf(404) },
      },
    },
    async ({ params: { id } }) => {
      if (!(await segments.remove(id))) throw new RequestError(404, 'there is no such segment');
      return { success: true as const };
    },
  );
}

type Segment = Parameters<HttpPorts['segments']['save']>[0];

async function save({ segments }: HttpPorts, segment: Segment, changedAt: string | null) {
  const saved = await segments.save(segment, changedAt);
  if (saved.kind === 'saved') return { success: true as const, segment: saved.segment };
  if (saved.kind === 'name_taken') {
    const issue = { path: 'name', message: 'another segment has this name' };
    throw new RequestError(422, 'the name is taken', [issue]);
  }
  throw new RequestError(409, 'somebody has changed the segment meanwhile: look at it again');
}
