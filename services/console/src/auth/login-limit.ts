/**
 * Who may try a password now. Counts live in this process: the console is one process, and a restart gives a guesser
 * five more tries at most.
 */
import { createHash } from 'node:crypto';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';

/** Wrong passwords for one address before it is closed for a while. */
const TRIES = 5;
const CLOSED_MS = 15 * 60_000;
/** Addresses that are remembered at once; beyond it the oldest goes. */
const MOST_KEPT = 10_000;

export interface LoginLimit {
  /** How many tries are left for the address; 0 while it is closed. */
  left(email: string): number;
  failed(email: string): void;
  succeeded(email: string): void;
}

export function createLoginLimit(now: () => number = Date.now): LoginLimit {
  const tries = new Map<string, { count: number; until: number }>();
  // An address that is kept is a hash: a dump of memory or a log of this map names nobody.
  const keyOf = (email: string) => createHash('sha256').update(email).digest('base64url');
  const current = (key: string) => {
    const found = tries.get(key);
    if (found && found.until > now()) return found;
    tries.delete(key);
    return undefined;
  };
  return {
    left: (email) => Math.max(0, TRIES - (current(keyOf(email))?.count ?? 0)),
    failed(email) {
      const key = keyOf(email);
      const count = (current(key)?.count ?? 0) + 1;
      tries.delete(key);
      tries.set(key, { count, until: now() + CLOSED_MS });
      dropOldest(tries, MOST_KEPT);
    },
    succeeded: (email) => void tries.delete(keyOf(email)),
  };
}
