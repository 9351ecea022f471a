/** What students paid, and what they got back: each once, however often told. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { saleIdOf, type Sale } from '@leadwire/shared/contract/sale-facts';
import type { Student } from '@leadwire/shared/contract/student-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { problemSchema } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { platformOnly } from './guard.ts';
import { studentId } from './student-id.ts';

const LONGEST_PRODUCT = 120;
/** Nobody pays more for a course; it is a typing error. */
const HIGHEST_AMOUNT = 100_000_000;
/** What is sold where the platform names neither product nor course. */
const ONLY_PRODUCT = 'course';

const AMOUNT = 'expected what was paid, in tenge: 5000; 0 when nothing was';
const productName = z.union([z.string(), z.number()], 'expected the name of the product').nullish();

/** Of a student's body. */
export const saleFields = {
  amount: z
    .union([z.number(), z.string().regex(/^\d+([.,]\d{1,2})?$/)], AMOUNT)
    .transform((given) => Number(String(given).replace(',', '.')))
    .pipe(z.number(AMOUNT).min(0, AMOUNT).max(HIGHEST_AMOUNT, AMOUNT))
    .nullish()
    .meta({ description: 'Tenge. SALE_DEFAULT_AMOUNT when left out, 0 when nothing was paid.' }),
  product: productName.meta({ description: 'The course when left out. One sale per product.' }),
};

export interface Purchase {
  saleId: string;
  product: string;
  amount: number;
}

/** What a student who comes has bought. */
export function purchaseOf(
  body: {
    id: string;
    amount?: number | null | undefined;
    product?: string | number | null | undefined;
  },
  { course }: Pick<Student, 'course'>,
  defaultAmount: number,
): Purchase {
  const product = cleanLine(String(body.product ?? ''), LONGEST_PRODUCT);
  return {
    saleId: saleIdOf(body.id),
    product: product || (course ?? ONLY_PRODUCT),
    amount: body.amount ?? defaultAmount,
  };
}

export interface SalePorts {
  bus: Pick<Bus, 'publish' | 'name' | 'lastUnder'>;
  now: () => Date;
}

/**
 * Stores the sale of a student who is stored, unless there is none. `known` is the student as they are stored: another
 * product than theirs is another sale. @throws TransientError when it was not stored
 */
export async function recordSale(
  { bus, now }: SalePorts,
  student: Student,
  purchase: Purchase,
  isAmountTold: boolean,
  known: Student | undefined,
): Promise<{ saleId: string; isNew: boolean } | undefined> {
  const { studentId: id, email, phone, course } = student;
  const { product, amount } = purchase;
  const isLater = known?.product !== undefined && known.product !== product;
  const isSold = isAmountTold || (!isLater && known?.saleId !== undefined);
  if (!isSold || amount === 0) return undefined;
  const saleId = isLater ? saleIdOf(id, product) : purchase.saleId;
  const at = now().toISOString();
  const data: Sale = { saleId, studentId: id, email, phone, product, course, amount, at };
  const { stored } = await publishEvent(bus, 'sale.recorded.v1', data);
  return { saleId, isNew: stored };
}

const refundBody = z
  .object({
    product: productName.meta({ description: 'What they came for when left out.' }),
  })
  .nullish();

const answerSchema = z.object({
  success: z.literal(true),
  studentId: z.string(),
  saleId: z.uuid(),
  duplicate: z.literal(true).optional(),
});

/** Adds the refund. 201: stored, also when the sale is not known yet; 200: it was stored before. */
export function addRefundRoute(
  app: FastifyInstance,
  ports: SalePorts & { access: Pick<Access, 'demand'> },
): void {
  const { bus, now, access } = ports;
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/platform/students/:id/refund',
    {
      ...platformOnly(access),
      schema: {
        tags: ['platform'],
        summary: 'A student has got their money back',
        security: [{ platformToken: [] }],
        params: z.object({ id: studentId }),
        body: refundBody,
        response: {
          200: answerSchema.meta({ description: 'It was told before: nothing changes.' }),
          201: answerSchema.meta({ description: 'Stored.' }),
          400: problemSchema.meta({ description: 'Not a student.' }),
          401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
          403: problemSchema.meta({ description: 'A token without the scope platform.' }),
          503: problemSchema.meta({ description: 'Not stored: send it again.' }),
        },
      },
    },
    async ({ params: { id }, body }, reply) => {
      const saleId = await refundedSale(bus, id, body?.product);
      const data = { saleId, studentId: id, at: now().toISOString() };
      const { stored } = await publishEvent(bus, 'sale.refunded.v1', data);
      reply.code(stored ? 201 : 200);
      const answer = { success: true as const, studentId: id, saleId };
      return stored ? answer : { ...answer, duplicate: true as const };
    },
  );
}

/** Of a student who is not known yet it can only be the sale that they will come with. */
async function refundedSale(
  bus: SalePorts['bus'],
  id: string,
  given: string | number | null | undefined,
): Promise<string> {
  const product = cleanLine(String(given ?? ''), LONGEST_PRODUCT);
  if (product === '') return saleIdOf(id);
  const stored = await bus.lastUnder('STUDENTS', subjects.studentCreated(id));
  const known = eventSchemas['student.created.v1'].safeParse(stored?.event).data?.data;
  const isLater = known?.product !== undefined && known.product !== product;
  return isLater ? saleIdOf(id, product) : saleIdOf(id);
}
