/**
 * The short form, as `npm test` and `--short` run it: few crash points, and less waiting for what dead processes
 * held. The services' own main files and handlers run; ack_wait and the lease of a claim are shorter.
 */
import type { RunOptions } from './scenario.ts';

const POINTS = 6;
const LEASE_MS = 2_000;
/** A wait for work to be done: two cores that run other tests beside it need twice what they need alone. */
const QUIET_WITHIN_MS = 150_000;
const TIME_SCALE = 0.2;

/** Options for `runScenario`; any seed will do. */
export function shortRun(seed: number): Omit<RunOptions, 'note'> {
  return {
    seed,
    points: POINTS,
    timeScale: TIME_SCALE,
    quietWithinMs: QUIET_WITHIN_MS,
    preload: ['impatient.ts', 'other-ledger.ts'],
    env: { CHAOS_LEASE_MS: String(LEASE_MS) },
  };
}
