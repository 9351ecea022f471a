/** What the learning platform tells: new students and completed lessons. Both once, however often sent. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { readEmail, readPhone } from '@leadwire/shared/contacts/contacts';
import { makeEvent, studentSchema, type EventOf } from '@leadwire/shared/contract/events';
import { RequestError, problemSchema } from '@leadwire/shared/service/http-problems';
import { hasBearer } from '@leadwire/shared/service/service';
import { subjects } from '@leadwire/shared/contract/topology';

/** A platform that catches up sends a whole class at once. */
const REQUESTS_PER_MINUTE = 3_000;
const LONGEST_TEXT = 200;
const MOST_LESSONS = 1_000;

const ID_RULE = 'expected the platform’s id: 1 to 64 letters, digits, - or _ (and no contact)';
const studentId = z
  .union([z.string(), z.number()], ID_RULE)
  .transform(String)
  .pipe(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, ID_RULE));
const text = z.union([z.string(), z.number()]).nullish();

const studentBody = z.object({
  id: studentId.meta({ description: 'The platform’s id.', examples: ['st-1042'] }),
  name: z
    .string()
    .trim()
    .min(1, 'a name is required')
    .meta({ examples: ['Дамир Ахметов'] }),
  email: text.meta({ examples: ['damir@mail.kz'] }),
  phone: text.meta({ examples: ['8 705 123 45 67'] }),
  course: text.meta({ description: 'Becomes a tag of the deal.' }),
});

const lessonParams = z.object({
  id: studentId,
  n: z.coerce
    .number('expected the lesson’s number')
    .int('expected the lesson’s number')
    .min(1, 'expected the lesson’s number')
    .max(MOST_LESSONS, 'expected the lesson’s number'),
});

const answerSchema = z.object({
  success: z.literal(true),
  studentId: z.string(),
  duplicate: z.literal(true).optional(),
});

export interface PlatformPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  token: string;
  now: () => Date;
}

/** Adds the two routes. 201: stored; 200: it was stored before; 503: send it again. */
export function addPlatformRoutes(app: FastifyInstance, ports: PlatformPorts): void {
  const { bus, now } = ports;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  const store = async (
    subject: string,
    event: EventOf<'student.created.v1'> | EventOf<'lesson.completed.v1'>,
    reply: Pick<FastifyReply, 'code'>,
  ): Promise<z.infer<typeof answerSchema>> => {
    const { stored } = await bus.publish(subject, event, { onceUnder: subject });
    reply.code(stored ? 201 : 200);
    const answer = { success: true, studentId: event.data.studentId } as const;
    return stored ? answer : { ...answer, duplicate: true };
  };

  typed.post(
    '/api/platform/students',
    { ...guard(ports.token), schema: { ...schemaOf('A new student'), body: studentBody } },
    ({ body }, reply) => {
      const data = studentSchema.parse({
        studentId: body.id,
        name: cleanLine(body.name, LONGEST_TEXT) || '—',
        email: readEmail(String(body.email ?? '')).email,
        phone: readPhone(String(body.phone ?? '')).phone,
        course: cleanLine(String(body.course ?? ''), LONGEST_TEXT) || null,
        receivedAt: now().toISOString(),
      });
      const made = { source: bus.name, subject: body.id, data };
      return store(subjects.studentCreated(body.id), makeEvent('student.created.v1', made), reply);
    },
  );

  typed.post(
    '/api/platform/students/:id/lessons/:n/completed',
    {
      ...guard(ports.token),
      schema: { ...schemaOf('A student has completed a lesson'), params: lessonParams },
    },
    ({ params: { id, n } }, reply) => {
      const data = { studentId: id, lesson: n, at: now().toISOString() };
      const made = { source: bus.name, subject: id, data };
      const event = makeEvent('lesson.completed.v1', made);
      return store(subjects.lessonCompleted(id, n), event, reply);
    },
  );
}

function schemaOf(summary: string) {
  return {
    tags: ['platform'],
    summary,
    security: [{ platformToken: [] }],
    response: {
      200: answerSchema.meta({ description: 'It was told before: nothing changes.' }),
      201: answerSchema.meta({ description: 'Stored.' }),
      400: problemSchema.meta({ description: 'Not a student, or not a lesson.' }),
      401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
      503: problemSchema.meta({ description: 'Not stored: send it again.' }),
    },
  };
}

function guard(token: string) {
  return {
    config: { rateLimit: { max: REQUESTS_PER_MINUTE, timeWindow: 60_000 } },
    onRequest: (
      request: { headers: { authorization?: string | undefined } },
      _reply: unknown,
      done: (error?: Error) => void,
    ) => {
      const isPlatform = hasBearer(request.headers.authorization, token);
      done(isPlatform ? undefined : new RequestError(401, 'unauthorized'));
    },
  };
}
