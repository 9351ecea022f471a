/** What the learning platform tells: new students with what they paid, and lessons. Each once, however often sent. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { studentSchema, type Student } from '@leadwire/shared/contract/student-facts';
import { problemSchema } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { readConsent } from '../forms/consent.ts';
import { platformOnly } from './guard.ts';
import { link, type ReadMessage } from './message-body.ts';
import { messageIdOf, requestMessage, type RequestPorts } from './request-message.ts';
import { purchaseOf, recordSale, saleFields } from './sales.ts';
import { studentId } from './student-id.ts';

const LONGEST_TEXT = 200;
const MOST_LESSONS = 1_000;

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
  ...saleFields,
  consentAt: text.meta({
    description: 'When they agreed to the use of it. A time that cannot be read counts as now.',
  }),
  consentText: text.meta({ description: 'The words that they agreed to.' }),
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
  saleId: z.uuid().optional().meta({ description: 'The sale, where something was paid.' }),
});

export interface PlatformPorts extends RequestPorts {
  bus: RequestPorts['bus'] & Pick<Bus, 'publish' | 'name'>;
  access: Pick<Access, 'demand'>;
  /** Every new student with a mail address is welcomed: Supabase Auth makes the link. */
  canLinkBeMade: boolean;
  /** Tenge, for a student of whom no amount is told. */
  defaultAmount: number;
}

/** Adds the two routes. 201: stored; 200: it was stored before; 503: send it again. */
export function addPlatformRoutes(app: FastifyInstance, ports: PlatformPorts): void {
  const { bus, now } = ports;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  /**
   * Stores the student first: one who is told again, after a crash in between, gets the sale and the welcome then. Who was
   * there before sales were recorded bought nothing by being told again, unless an amount is told.
   */
  const storeStudent = async (body: StudentBody, reply: Pick<FastifyReply, 'code'>) => {
    const student = readStudent(body, now());
    const isWelcome = body.setPasswordUrl != null || ports.canLinkBeMade;
    const welcomeMessageId =
      isWelcome && student.email !== null ? messageIdOf({ studentId: body.id }) : undefined;
    const purchase = purchaseOf(body, student, ports.defaultAmount);
    const data = {
      ...student,
      ...(welcomeMessageId !== undefined && { welcomeMessageId }),
      product: purchase.product,
      ...(purchase.amount > 0 && { saleId: purchase.saleId }),
    };
    const { stored, existing } = await publishEvent(bus, 'student.created.v1', data);
    const known = stored ? data : readStored(existing?.event);
    const sale = await recordSale(ports, student, purchase, body.amount != null, known);
    reply.code(stored || sale?.isNew ? 201 : 200);
    const answer = {
      success: true as const,
      studentId: body.id,
      ...(!stored && !sale?.isNew && { duplicate: true as const }),
      ...(sale && { saleId: sale.saleId }),
    };
    // Who was there before links were made by themselves is not welcomed for being told again.
    const isOld = !stored && body.setPasswordUrl == null && known?.welcomeMessageId === undefined;
    if (welcomeMessageId === undefined || isOld) return answer;
    await requestMessage(ports, { studentId: body.id }, welcomeOf(student, body.setPasswordUrl));
    return { ...answer, welcomeMessageId };
  };

  typed.post(
    '/api/platform/students',
    { ...platformOnly(ports.access), schema: { ...schemaOf('A new student'), body: studentBody } },
    ({ body }, reply) => storeStudent(body, reply),
  );

  typed.post(
    '/api/platform/students/:id/lessons/:n/completed',
    {
      ...platformOnly(ports.access),
      schema: { ...schemaOf('A student has completed a lesson'), params: lessonParams },
    },
    async ({ params: { id, n } }, reply) => {
      const data = { studentId: id, lesson: n, at: now().toISOString() };
      const { stored } = await publishEvent(bus, 'lesson.completed.v1', data);
      reply.code(stored ? 201 : 200);
      const answer = { success: true as const, studentId: id };
      return stored ? answer : { ...answer, duplicate: true as const };
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
    ...consentOf(body, now),
    receivedAt: now.toISOString(),
  });
}

/** The platform asks before it lets anybody in: a time of it says that they agreed, even one that cannot be read. */
function consentOf({ consentAt, consentText }: StudentBody, now: Date) {
  const consent = consentAt != null && consentAt !== '' ? true : undefined;
  return readConsent({ consent, consentAt, consentText }, now).given;
}

function readStored(event: unknown): Student | undefined {
  return eventSchemas['student.created.v1'].safeParse(event).data?.data;
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
      403: problemSchema.meta({ description: 'A token without the scope platform.' }),
      503: problemSchema.meta({ description: 'Not stored: send it again.' }),
    },
  };
}
