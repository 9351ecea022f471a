import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Resolves with the first truthy answer of `look`, which is asked again until `timeoutMs` have gone: every `pollMs`,
 * which is more where asking keeps the asked from their work.
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
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const answer = await look();
      if (answer) return answer;
      lastError = undefined;
    } catch (thrown) {
      lastError = thrown;
    }
    await delay(pollMs);
  } while (Date.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: lastError });
}
