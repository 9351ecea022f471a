import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** What can be preloaded into a service process; the header of each file in preload/ says what it changes. */
export type Preload =
  | 'clock-ahead.ts'
  | 'crash-at-call.ts'
  | 'crash-at.ts'
  | 'impatient.ts'
  | 'new-keys.ts'
  | 'other-ledger.ts'
  | 'soon-mended.ts';

/** The address of a preload, for `node --import`. */
export const preloadUrl = (file: Preload): string =>
  pathToFileURL(join(import.meta.dirname, 'preload', file)).href;

/** `NODE_OPTIONS` for a process that preloads these files, in this order. */
export const nodeOptions = (preload: readonly Preload[]): string =>
  ['--disable-warning=ExperimentalWarning']
    .concat(preload.map((file) => `--import=${preloadUrl(file)}`))
    .join(' ');
