/** Fields that are close to one of ours and are none: a typo in a page costs what people write there. */
import type { FormReading } from './read-form.ts';

/** A page's fields are few; more names than this are somebody playing. */
const MOST_TOLD = 1_000;

interface Teller {
  warn(about: object, message: string): void;
}

/** Writes each such field of each form into the log once: by name, without what stood in it. */
export function createNearFields() {
  const told = new Set<string>();
  return (log: Teller, form: string, { fields }: Pick<FormReading, 'fields'>): void => {
    for (const { name, near } of fields) {
      const key = `${form}\n${name}`;
      if (near === undefined || told.has(key) || told.size >= MOST_TOLD) continue;
      told.add(key);
      const field = name.slice(0, 60);
      log.warn({ form, field, near }, 'an unknown field is close to one of ours');
    }
  };
}
