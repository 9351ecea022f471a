/** What a check of the doctor answers with. */
import { toError, TransientError } from '@leadwire/shared/errors';
import type { CliEnv } from '../env.ts';

export interface Finding {
  state: 'ok' | 'warning' | 'broken' | 'off';
  what: string;
  detail: string;
  remedy?: string;
  /** It did not answer, so nothing is known: it may be starting. */
  isUnreachable?: boolean;
}

export type Check = (env: CliEnv) => Promise<Finding[]>;

/** A failure in the words of whoever failed. */
export async function examined(what: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (thrown) {
    const isUnreachable = thrown instanceof TransientError;
    if (isUnreachable && thrown.retryAfterMs !== undefined) {
      const seconds = Math.ceil(thrown.retryAfterMs / 1_000);
      const remedy = `it is asked much just now, by the services too: no fault by itself. Look again in ${seconds} s`;
      return [{ state: 'warning', what, detail: thrown.message, remedy, isUnreachable }];
    }
    return [{ state: 'broken', what, detail: toError(thrown).message, isUnreachable }];
  }
}

/** How a state looks at the beginning of a line. */
export const MARKS = {
  ok: ['green', '✓'],
  warning: ['yellow', '!'],
  broken: ['red', '✗'],
  off: ['dim', '–'],
  unknown: ['dim', '?'],
} as const;
