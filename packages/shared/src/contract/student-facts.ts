/** What the learning platform tells of its students. */
import { z } from 'zod';
import { consentFields } from './consent.ts';

/** A student of the learning platform; `studentId` is the platform's own and never a contact. */
export const studentSchema = z.object({
  studentId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  name: z.string(),
  email: z.string().nullable(),
  /** E.164, or as given when it cannot be read as one. */
  phone: z.string().nullable(),
  course: z.string().nullable(),
  ...consentFields,
  receivedAt: z.iso.datetime(),
  /** The message that welcomes them, if one was asked for. */
  welcomeMessageId: z.uuid().optional(),
  /** What they bought when they came; missing in students that are older than sales. */
  product: z.string().optional(),
  /** The sale that came with them; missing when they paid nothing. */
  saleId: z.uuid().optional(),
});
export type Student = z.infer<typeof studentSchema>;

export const lessonSchema = z.object({
  studentId: studentSchema.shape.studentId,
  lesson: z.number().int().min(1),
  at: z.iso.datetime(),
});
