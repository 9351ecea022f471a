/**
 * Cuts contact data and secrets out of what is logged. Our own walk: pino's paths with wildcards cost a line 38 µs of
 * processor time, more than reading the form that the line is about (bench/README.md), and reach three levels.
 */

/** Contact data and secrets by the names they travel under. */
const PRIVATE = new Set([
  'email',
  'emailSuggestion',
  'phone',
  'name',
  'lead',
  'to',
  'recipient',
  'text',
  'html',
  'answers',
  'metadata',
  'apiKey',
  'authorization',
  'Authorization',
  'token',
  'serviceKey',
  'password',
]);
const CENSOR = '[private]';
/** Nothing that is logged is as deep; it ends a walk through something that contains itself. What is below is not shown. */
const DEEPEST = 8;

export interface PrivateOptions {
  /** Keys at the top whose values are left as they are: somebody else reduces them. */
  except: ReadonlySet<string>;
  /** What is shown of an error anywhere else. */
  showError: (error: Error) => unknown;
}

/** The same object when nothing private is in it, else a copy with `[private]` in its place. Lists count as objects. */
export function withoutPrivate<T extends object>(fields: T, options: PrivateOptions): T {
  return cutOut(fields, options, 1) as T;
}

function cutOut(fields: object, options: PrivateOptions, depth: number): object {
  let copy: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || (depth === 1 && options.except.has(key))) continue;
    const shown = PRIVATE.has(key) ? CENSOR : shownOf(value, options, depth);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[key] = shown;
  }
  return copy === undefined || !Array.isArray(fields) ? (copy ?? fields) : Object.values(copy);
}

function shownOf(value: unknown, options: PrivateOptions, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) return CENSOR;
  if (value instanceof Error) return options.showError(value);
  return ArrayBuffer.isView(value) ? value : cutOut(value, options, depth + 1);
}
