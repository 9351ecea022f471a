/** What the learning platform tells: new students and completed lessons. Both once, however often sent. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import {
  eventSchemas,
  makeEvent,
  studentSchema,
  type EventOf,
  type Student,
} from '@leadwire/shared/contract/events';
import { problemSchema } from '@leadwire/shared/service/http-problems';
import { subjects } from '@leadwire/shared/contract/topology';
import { platformOnly } from './guard.ts';
import { link, type ReadMessage } from './message-body.ts';
import { messageIdOf, requestMessage, type RequestPorts } from './request-message.ts';

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
  setPasswordUrl: link('the page where the student sets a password')
    .nullish()
    .meta({ description: 'Sends the welcome, with this address behind its button.' }),
});
type StudentBody = z.infer<typeof studentBody>;

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
  welcomeMessageId: z.uuid().optional().meta({ description: 'The welcome, where one is sent.' }),
});

export interface PlatformPorts extends RequestPorts {
  bus: RequestPorts['bus'] & Pick<Bus, 'publish' | 'name'>;
  token: string;
  /** Every new student with a mail address is welcomed: Supabase Auth makes the link. */
  canLinkBeMade: boolean;
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

  /** Stores the student first: one who is told again, after a crash in between, gets the welcome then. */
  const storeStudent = async (body: StudentBody, reply: Pick<FastifyReply, 'code'>) => {
    const student = readStudent(body, now());
    const isWelcome = body.setPasswordUrl != null || ports.canLinkBeMade;
    const welcomeMessageId =
      isWelcome && student.email !== null ? messageIdOf({ studentId: body.id }) : undefined;
    const data = { ...student, ...(welcomeMessageId !== undefined && { welcomeMessageId }) };
    const made = { source: bus.name, subject: body.id, data };
    const subject = subjects.studentCreated(body.id);
    const answer = await store(subject, makeEvent('student.created.v1', made), reply);
    // Who was there before links were made by themselves is not welcomed for being told again.
    const isOld = 'duplicate' in answer && body.setPasswordUrl == null;
    if (welcomeMessageId === undefined || (isOld && !(await isToBeWelcomed(bus, subject)))) {
      return answer;
    }
    await requestMessage(ports, { studentId: body.id }, welcomeOf(student, body.setPasswordUrl));
    return { ...answer, welcomeMessageId };
  };

  typed.post(
    '/api/platform/students',
    { ...platformOnly(ports.token), schema: { ...schemaOf('A new student'), body: studentBody } },
    ({ body }, reply) => storeStudent(body, reply),
  );

  typed.post(
    '/api/platform/students/:id/lessons/:n/completed',
    {
      ...platformOnly(ports.token),
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

function readStudent(body: StudentBody, now: Date): Student {
  return studentSchema.parse({
    studentId: body.id,
    name: cleanLine(body.name, LONGEST_TEXT) || '—',
    email: readEmail(String(body.email ?? '')).email,
    phone: readPhone(String(body.phone ?? '')).phone,
    course: cleanLine(String(body.course ?? ''), LONGEST_TEXT) || null,
    receivedAt: now.toISOString(),
  });
}

async function isToBeWelcomed(bus: Pick<Bus, 'lastUnder'>, subject: string): Promise<boolean> {
  const stored = await bus.lastUnder('STUDENTS', subject);
  const known = eventSchemas['student.created.v1'].safeParse(stored?.event).data;
  return known?.data.welcomeMessageId !== undefined;
}

/** By mail alone: a link to set a password is not for an SMS. */
function welcomeOf(
  { name, email }: Student,
  setPasswordUrl: string | null | undefined,
): ReadMessage {
  const to = { name: name === '—' ? '' : name, email, phone: null };
  return {
    content: { type: 'welcome', to, contactIssues: [], data: {} },
    sendAt: undefined,
    link: setPasswordUrl ?? undefined,
  };
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
