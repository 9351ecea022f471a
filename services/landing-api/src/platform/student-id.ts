import { z } from 'zod';

const ID_RULE = 'expected the platform’s id: 1 to 64 letters, digits, - or _ (and no contact)';

/** How the platform names a student. */
export const studentId = z
  .union([z.string(), z.number()], ID_RULE)
  .transform(String)
  .pipe(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, ID_RULE));
