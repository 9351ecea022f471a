/** People who bring others, and their codes. */
import { z } from 'zod';

/** A code as it is kept: in lower case. Safe in subjects, keys and addresses as it is. */
export const referralCode = z
  .string('expected a code')
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9_-]{3,32}$/, 'expected 3 to 32 letters a-z, digits, - or _');

/** The code that a text is, or undefined. */
export function readReferralCode(text: unknown): string | undefined {
  return referralCode.safeParse(text).data;
}

export const referrerSchema = z.object({
  referrerId: z.uuid(),
  code: referralCode,
  name: z.string(),
  email: z.string(),
  /** E.164 */
  phone: z.string(),
  at: z.iso.datetime(),
});
export type Referrer = z.infer<typeof referrerSchema>;

export const referralClickSchema = z.object({ code: referralCode, at: z.iso.datetime() });
