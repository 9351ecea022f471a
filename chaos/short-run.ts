/** The short form, as `npm test` and `--short` run it. */
import type { RunOptions } from './scenario.ts';

export function shortRun(seed: number): Omit<RunOptions, 'note'> {
  return { seed, points: 6, quietWithinMs: 60_000 };
}
