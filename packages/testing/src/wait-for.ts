import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
/** Looking takes at most a fifth of the time: a page that is asked again and again keeps a database from its work. */
const REST = 4;
/** A look that took very long was held up by others. */
const LONGEST_REST_MS = 1_000;
/** Who has waited long looks less often: the end is seen a twentieth later at most, and never by more than this. */
const LATE_SHARE = 1 / 20;
const LATEST_MS = 250;

/**
 * Resolves with the first truthy answer of `look`, which is asked again until `timeoutMs` have gone: every `pollMs`,
 * less often where looking takes long or the wait is a long one.
 * An answer that throws counts as "not yet".
 * @throws with `what` and the last error when the time is over.
 */
export async function waitFor<T>(
  look: () => T | Promise<T>,
  {
    timeoutMs = 10_000,
    what = 'a condition',
    pollMs = POLL_MS,
  }: { timeoutMs?: number; what?: string; pollMs?: number } = {},
): Promise<NonNullable<T>> {
  const startedAt = Date.now();
  const deadline = startedAt + timeoutMs;
  let lastError: unknown;
  do {
    const lookedAt = Date.now();
    try {
      const answer = await look();
      if (answer) return answer;
      lastError = undefined;
    } catch (thrown) {
      lastError = thrown;
    }
    const rest = Math.min(REST * (Date.now() - lookedAt), LONGEST_REST_MS);
    const late = Math.min(LATE_SHARE * (Date.now() - startedAt), LATEST_MS);
    await delay(Math.max(pollMs, rest, late));
  } while (Date.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: lastError });
}
