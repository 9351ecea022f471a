/** Sales and refunds, one of each for a student and a product. */
import { z } from 'zod';
import { derivedId } from './ids.ts';
import { studentSchema } from './student-facts.ts';

export const saleSchema = z.object({
  saleId: z.uuid(),
  studentId: studentSchema.shape.studentId,
  /** Who bought; what ties a sale to a lead and to whoever brought it. */
  email: z.string().nullable(),
  /** E.164, or as given when it cannot be read as one. */
  phone: z.string().nullable(),
  product: z.string(),
  course: z.string().nullable(),
  /** Tenge. */
  amount: z.number().positive(),
  at: z.iso.datetime(),
  /** A deal that a manager moved to a stage of sales; its `studentId` is `deal-<dealId>`. */
  dealId: z.number().int().optional(),
});
export type Sale = z.infer<typeof saleSchema>;

export const refundSchema = z.object({
  saleId: z.uuid(),
  studentId: studentSchema.shape.studentId,
  at: z.iso.datetime(),
});

/** What is known of the sale of a deal before its student comes: one for each deal. */
export function saleOfDeal(dealId: number): Pick<Sale, 'saleId' | 'studentId' | 'dealId'> {
  return { saleId: derivedId('sale', 'deal', String(dealId)), studentId: `deal-${dealId}`, dealId };
}

/**
 * The sale with which a student came, or that of another product later on. The first one does not depend on its
 * product, so that a refund which comes before it knows it.
 */
export function saleIdOf(studentId: string, laterProduct?: string): string {
  return laterProduct === undefined
    ? derivedId('sale', studentId)
    : derivedId('sale', studentId, laterProduct);
}
