/**
 * `@supabase/lite` prints every refused statement with `console.error`, parameters and all: leads' contact data
 * would end up in the log. The caller of the API gets the whole error anyway, so the log keeps its code alone.
 */
import type { Logger } from 'pino';

/** What the log says about a refused statement: enough to find it, nothing that a person typed. */
interface DatabaseErrorSummary {
  code: string;
  routine: string | undefined;
  table: string | undefined;
  constraint: string | undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function summarise(value: unknown): DatabaseErrorSummary | undefined {
  if (typeof value !== 'object' || value === null || !('severity' in value)) return undefined;
  const fields: Record<string, unknown> = { ...value };
  return {
    code: text(fields['code']) ?? 'unknown',
    routine: text(fields['routine']),
    table: text(fields['table']),
    constraint: text(fields['constraint']),
  };
}

let current: Logger | undefined;
let installed = false;

/**
 * From now on errors of Postgres that reach `console.error` in this process go to `log` as a debug line without
 * their parameters; everything else is printed as before. The last log given is used.
 */
export function keepDatabaseErrorsQuiet(log: Logger | undefined): void {
  current = log;
  if (installed) return;
  installed = true;
  const { console: output } = globalThis;
  const print = output.error.bind(output);
  output.error = (...values: unknown[]) => {
    const summary = summarise(values[0]);
    if (summary === undefined) print(...values);
    else current?.debug(summary, 'statement refused');
  };
}
