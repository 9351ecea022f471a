import type { JsMsg } from 'nats';
import type { z } from 'zod';
import { PermanentError, toError } from '../errors.ts';

export type ReadMessage<Schema extends z.ZodType> =
  { isValid: true; data: z.infer<Schema> } | { isValid: false; error: PermanentError };

/** The event in a message, or why it will never be one: not JSON, or not what its schema says. */
export function readMessage<Schema extends z.ZodType>(
  schema: Schema,
  message: JsMsg,
): ReadMessage<Schema> {
  let json: unknown;
  try {
    json = message.json();
  } catch (thrown) {
    const cause = toError(thrown);
    const error = new PermanentError('not_json', 'the message is not JSON', { cause });
    return { isValid: false, error };
  }
  const result = schema.safeParse(json);
  if (result.success) return { isValid: true, data: result.data };
  const where = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  const error = new PermanentError(
    'bad_schema',
    `the message does not match its schema at: ${where}`,
  );
  return { isValid: false, error };
}
