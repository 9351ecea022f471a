/**
 * The one place that loads `@supabase/lite`. Loading it replaces `process.emitWarning` with a version that
 * calls `.includes` on its argument and so throws when Node itself warns with an Error (a listener leak, say):
 * the original is put back.
 */
import type { App } from '@supabase/lite';
import type { PgliteConnection } from '@supabase/lite/pglite';

/** The parts of `@supabase/lite` that this package uses. */
export interface Lite {
  App: typeof App;
  createPgliteConnection: (options: {
    url?: string;
    pgliteOptions?: { loadDataDir?: Blob; parsers?: Record<number, (value: string) => unknown> };
  }) => Promise<PgliteConnection>;
}

let loading: Promise<Lite> | undefined;

async function load(): Promise<Lite> {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  try {
    const { App } = await import('@supabase/lite');
    const { createPgliteConnection } = await import('@supabase/lite/pglite');
    return { App, createPgliteConnection };
  } finally {
    if (original !== undefined) Object.defineProperty(process, 'emitWarning', original);
  }
}

/** Loads `@supabase/lite` once per process and leaves the process's own functions as they were. */
export function loadLite(): Promise<Lite> {
  loading ??= load();
  return loading;
}
