/** A deal without what AmoCRM refused: a stage or field that somebody deleted must not cost the deal. */
import type { NewDeal } from './amocrm-records.ts';
import type { RefusedField } from '@leadwire/shared/providers/amocrm/http';

const REFUSED = 'AmoCRM refused: ';

/** Parts that a deal can do without. A refused pipeline takes its stage with it. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  status_id: ['status_id'],
  pipeline_id: ['pipeline_id', 'status_id'],
  tags: ['tags'],
  tags_to_add: ['tags_to_add'],
};

export interface Reduced<T> {
  body: T;
  /** What was left out, in words: `field UTM_SOURCE (NotSupportedChoice)`. Empty: nothing could be. */
  leftOut: string[];
}

/**
 * Takes out what the paths name: `custom_fields_values.0.field_id`, `status_id`,
 * `_embedded.contacts.0.custom_fields_values.1.values.0.value`. The body itself stays as it is.
 */
export function withoutRefused<T extends object>(
  body: T,
  fields: readonly RefusedField[],
): Reduced<T> {
  const copy = structuredClone(body);
  const doomed = new Set<unknown>();
  const leftOut: string[] = [];
  for (const { path, code } of fields) {
    const name = markRefused(copy, path.split('.'), doomed);
    if (name !== undefined) leftOut.push(`${name} (${code})`);
  }
  prune(copy, doomed);
  return { body: copy, leftOut: [...new Set(leftOut)] };
}

/** What a deal carries, in the same words: once AmoCRM has taken it, none of that is refused any more. */
export function carriedBy({
  status_id,
  custom_fields_values: fields = [],
}: Pick<NewDeal, 'status_id' | 'custom_fields_values'>): string[] {
  const names = fields.map(({ field_code, field_id }) => `field ${field_code ?? field_id}`);
  return status_id === undefined ? names : [...names, `status_id ${status_id}`];
}

/** What was left out, in the words of a deal's row; undefined when nothing was. */
export function problemOf(leftOut: readonly string[]): string | undefined {
  return leftOut.length === 0 ? undefined : `${REFUSED}${leftOut.join(', ')}`;
}

/** The other way round, without AmoCRM's reasons. */
export function namesIn(problem: string): string[] {
  const parts = problem.replaceAll(REFUSED, '').split(/[,;] /);
  return parts.map((part) => part.replace(/ \(.*$/, ''));
}

type Node = Record<string, unknown>;

/** Walks along the path to the first part that can go; the name of that part. */
function markRefused(body: object, path: string[], doomed: Set<unknown>): string | undefined {
  let node = body as Node;
  for (const [index, key] of path.entries()) {
    const names = Array.isArray(node) ? undefined : OPTIONAL[key];
    if (names) {
      const value = node[key];
      for (const name of names) delete node[name];
      return `${key} ${typeof value === 'number' ? value : ''}`.trim();
    }
    const next = node[key];
    if (typeof next !== 'object' || next === null) return undefined;
    if (path[index - 1] === 'custom_fields_values') {
      const { field_id, field_code } = next as { field_id?: number; field_code?: string };
      doomed.add(next);
      return `field ${field_code ?? field_id ?? key}`;
    }
    node = next as Node;
  }
  return undefined;
}

/** A list of which nothing is left goes as well. */
function prune(node: unknown, doomed: Set<unknown>): void {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (Array.isArray(value) && value.some((item) => doomed.has(item))) {
      const left = value.filter((item) => !doomed.has(item));
      if (left.length > 0) Reflect.set(node, key, left);
      else Reflect.deleteProperty(node, key);
    }
    prune(Reflect.get(node, key), doomed);
  }
}
