/** Sequences: what is there, a new one, on and off, and one person out of them. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { contactFor } from '@leadwire/shared/contacts/contacts';
import { newId } from '@leadwire/shared/contract/ids';
import {
  delayMs,
  sequenceSchema,
  type SequenceDefinition,
} from '@leadwire/shared/contract/sequences';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { checkStepTexts } from '../sequences/run-sequences.ts';
import { sequencePersonSchema } from '../sequences/sequence-store.ts';
import { problemsOf } from './answers.ts';
import { actorOf } from './audit.ts';
import type { HttpPorts } from './http-ports.ts';

/** As many as a person looks at. */
const MOST_PEOPLE = 200;

const params = z.object({ id: z.uuid('expected the id of a sequence') });
const success = z.literal(true);
/** What went in as `1h` came out as `1h`: nothing is read anew. */
const shown = z.looseObject({ id: z.string(), name: z.string() });
const answer = z.object({ success, sequence: shown });
const stopBody = z.strictObject({
  contact: z.string().min(3).max(254).meta({ description: 'A mail address or a phone.' }),
});

/** Adds everything under `/api/sequences`. */
export function addSequenceRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { sequences, defaults } = ports;

  const one = async (id: string) => {
    const found = (await sequences.list()).find((each) => each.id === id.toLowerCase());
    if (found) return found;
    throw new RequestError(404, 'there is no such sequence');
  };
  const answerFor = async (id: string) => ({ success: true as const, sequence: await one(id) });

  const save = async (
    id: string,
    { steps, ...definition }: SequenceDefinition,
    { changedAt, createdBy }: { changedAt: string | null; createdBy: string },
  ) => {
    const { quietHours, timeZone } = defaults;
    const stored = steps.map(({ after, channel, text }) => ({
      delayMs: delayMs(after) ?? 0,
      channel,
      template: text,
    }));
    const sequence = { id, ...definition, steps: stored, quietHours, timeZone, createdBy };
    const { kind } = await sequences.save(sequence, changedAt);
    if (kind === 'saved') return answerFor(id);
    throw REFUSALS[kind]();
  };

  typed.get(
    '/api/sequences',
    {
      schema: {
        ...about('Every sequence with its counts, by their names'),
        response: { 200: z.object({ success, sequences: z.array(shown) }), ...problemsOf() },
      },
    },
    async () => ({ success: true as const, sequences: await sequences.list() }),
  );

  typed.get(
    '/api/sequences/:id',
    {
      schema: {
        ...about('One sequence, and the newest of its people with what became of their messages'),
        params,
        response: {
          200: answer.extend({ people: z.array(sequencePersonSchema) }),
          ...problemsOf(404),
        },
      },
    },
    async ({ params: { id } }) => {
      const found = await answerFor(id);
      return { ...found, people: await sequences.people(found.sequence.id, MOST_PEOPLE) };
    },
  );

  typed.post(
    '/api/sequences',
    {
      schema: {
        ...about('A new one; it is off'),
        body: sequenceSchema,
        response: { 201: answer, ...problemsOf(409, 422) },
      },
    },
    async ({ body, headers }, reply) =>
      reply
        .code(201)
        .send(await save(newId(), body, { changedAt: null, createdBy: actorOf(headers) })),
  );

  typed.put(
    '/api/sequences/:id',
    {
      schema: {
        ...about('Changes one that is off, as it was read'),
        params,
        body: sequenceSchema.extend({
          changedAt: z
            .string()
            .meta({ description: 'As it was read: 409 when it is another now.' }),
        }),
        response: { 200: answer, ...problemsOf(404, 409, 422) },
      },
    },
    async ({ params: { id }, body: { changedAt, ...body }, headers }) => {
      await one(id);
      return save(id.toLowerCase(), body, { changedAt, createdBy: actorOf(headers) });
    },
  );

  typed.delete(
    '/api/sequences/:id',
    {
      schema: {
        ...about('Takes one that is off away; `kept` says that its history stays'),
        params,
        response: { 200: z.object({ success, kept: z.boolean() }), ...problemsOf(404, 409) },
      },
    },
    async ({ params: { id } }) => {
      await one(id);
      const removed = await sequences.remove(id.toLowerCase());
      if (removed.kind === 'is_on') throw REFUSALS.is_on('delete');
      return { success: true as const, kept: removed.kind === 'deleted' && removed.kept };
    },
  );

  for (const isOn of [true, false]) {
    const summary = isOn
      ? 'On: facts from now on count'
      : 'Off: nobody comes in, and who waits is let go for good';
    typed.post(
      `/api/sequences/:id/${isOn ? 'on' : 'off'}`,
      { schema: { ...about(summary), params, response: { 200: answer, ...problemsOf(404, 422) } } },
      async ({ params: { id } }) => {
        const { steps, timeZone } = await one(id);
        if (isOn) checkStepTexts(ports, steps, timeZone);
        if (isOn && !ports.areSmsOn && steps.some(({ channel }) => channel === 'sms')) {
          throw new RequestError(422, 'SMS are switched off: SMS_ENABLED');
        }
        await sequences.turn(id.toLowerCase(), isOn);
        return answerFor(id);
      },
    );
  }

  for (const path of ['/api/sequences/:id/stop', '/api/sequences/stop'] as const) {
    typed.post(
      path,
      {
        schema: {
          ...about('Takes somebody out: of one sequence, or of all'),
          body: stopBody,
          response: { 200: z.object({ success, stopped: z.number() }), ...problemsOf(404, 422) },
        },
      },
      async ({ body, params: given }) => {
        const { id = null } = given as { id?: string };
        if (id !== null) await one(id);
        return {
          success: true as const,
          stopped: await sequences.stop(id, contactIn(body.contact)),
        };
      },
    );
  }
}

const REFUSALS = {
  stale: () =>
    new RequestError(409, 'somebody has changed the sequence meanwhile: look at it again'),
  is_on: (to = 'change') => new RequestError(409, `the sequence is on: switch it off to ${to} it`),
  name_taken: () =>
    new RequestError(422, 'the name is taken', [
      { path: 'name', message: 'another sequence has this name' },
    ]),
};

/** In its normal form. @throws RequestError 422. */
function contactIn(given: string): string {
  const read = contactFor(given.includes('@') ? 'email' : 'sms', given);
  if ('contact' in read) return read.contact;
  const issue = { path: 'contact', message: 'expected a mail address or a phone' };
  throw new RequestError(422, 'this is no contact', [issue]);
}

function about(summary: string) {
  return { tags: ['sequences'], summary, security: [{ adminToken: [] }] };
}
