/** What the database answers, checked: rows of another shape than this version's are a fault, never a page. */
import { TransientError } from '@leadwire/shared/errors';
import { z } from 'zod';

/** The database says that this person may not. */
export class ForbiddenError extends Error {
  override readonly name = 'ForbiddenError';
}

export interface Answer {
  data: unknown;
  error: { code: string; message: string } | null;
  status: number;
}

/** @throws TransientError when the database is away or is older than this version; ForbiddenError */
export function readAnswer<Schema extends z.ZodType>(
  schema: Schema,
  { data, error, status }: Answer,
): z.output<Schema> {
  if (error) {
    if (error.code === '42501') throw new ForbiddenError('the database refuses this');
    throw new TransientError(`the database: ${status || 'no answer'} ${error.code}`, {
      outage: true,
    });
  }
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  // Without values: they may be somebody's contact.
  const where = read.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`);
  throw new TransientError(
    `the database answers otherwise than expected (${where.slice(0, 3).join(', ')})`,
  );
}

/** @throws as `readAnswer` */
export function readRows<Schema extends z.ZodType>(
  row: Schema,
  answer: Answer,
): z.output<Schema>[] {
  return readAnswer(z.array(row), answer);
}
