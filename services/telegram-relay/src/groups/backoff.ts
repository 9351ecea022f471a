/** When something that failed is tried again. Known to this process alone: another one finds out by itself. */

export interface Backoff {
  /** Milliseconds until the next try; 0 when nothing has failed, or its time has come. */
  waitMs(key: string): number;
  /** Notes a failure; returns how long to wait, in milliseconds. */
  failed(key: string): number;
  worked(key: string): void;
}

/** Waits `firstMs` after the first failure and twice as long after each further one, at most `longestMs`. */
export function createBackoff(
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
  now: () => number = Date.now,
): Backoff {
  const failures = new Map<string, { waitMs: number; until: number }>();
  const leftMs = (key: string) => Math.max(0, (failures.get(key)?.until ?? 0) - now());

  return {
    waitMs: leftMs,
    failed(key) {
      const before = failures.get(key);
      // Several that failed together are one failure.
      if (leftMs(key) > 0) return leftMs(key);
      const waitMs = before ? Math.min(before.waitMs * 2, longestMs) : firstMs;
      failures.set(key, { waitMs, until: now() + waitMs });
      return waitMs;
    },
    worked: (key) => void failures.delete(key),
  };
}
