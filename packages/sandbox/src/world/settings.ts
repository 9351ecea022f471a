import { z } from 'zod';

export type Settings<Values> = {
  read: () => Values;
  /** Replaces the named ones. Throws a ZodError for what it cannot use, and then changes nothing. */
  change: (patch: unknown) => Values;
  /** Back to what the provider was started with. */
  reset: () => void;
};

/** A provider's settings, changeable while it runs. Throws a ZodError for bad `options`. */
export function createSettings<Schema extends z.ZodObject>(
  schema: Schema,
  options: z.input<Schema>,
): Settings<z.infer<Schema>> {
  const initial = schema.parse(options);
  let current = initial;
  return {
    read: () => current,
    change: (patch) => {
      current = schema.parse({ ...current, ...z.record(z.string(), z.unknown()).parse(patch) });
      return current;
    },
    reset: () => {
      current = initial;
    },
  };
}
