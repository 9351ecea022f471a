/** What was found out about a name: a form's fields are called the same each time that somebody fills it in. */
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';

/** Strangers choose names, so a process keeps only so many, and no long ones (under a megabyte for each reading). */
const MOST_NAMES = 2_000;
const LONGEST_NAME = 100;

/** The same function, which reads a name that it was asked about lately only once. */
export function remembered<T>(read: (name: string) => T): (name: string) => T {
  const found = new Map<string, T>();
  return (name) => {
    const known = found.get(name);
    if (known !== undefined || found.has(name)) return known as T;
    const result = read(name);
    if (name.length <= LONGEST_NAME) {
      found.set(name, result);
      dropOldest(found, MOST_NAMES);
    }
    return result;
  };
}
