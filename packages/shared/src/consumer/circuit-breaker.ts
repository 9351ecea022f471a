/** Failures in a row after which the other side counts as down. */
const FAILURES_TO_OPEN = 3;
const FIRST_PROBE_MS = 1_000;
/** A provider that is down is asked at least this often whether it is back. */
const LONGEST_PROBE_MS = 60_000;
/**
 * A stopped channel (bad key, no money) is probed rarely: only a person can mend it. Tests shorten it from outside
 * (packages/testing/src/preload/soon-mended.ts).
 */
export const stoppedProbe = { everyMs: 60_000 };

export interface Circuit {
  /** Milliseconds until the next message may be tried. */
  waitMs(): number;
  /** Open: one message at a time is tried, as a probe. */
  isOpen(): boolean;
  /** Open because of something that only a person can mend. */
  isStopped(): boolean;
  /**
   * True when this success closed an open circuit. Work that was begun (Unix milliseconds) before it
   * opened says nothing about how things are now.
   */
  succeeded(startedAt?: number): boolean;
  /** Counts a failure of the other side; true when the circuit is open now. */
  failed(retryAfterMs?: number): boolean;
  /** Opens at once; returns how long to wait in milliseconds. */
  stopped(retryAfterMs?: number): number;
}

/** Decides when a failing provider is probed instead of being asked by every message. */
export function createCircuit(now: () => number = Date.now): Circuit {
  let failures = 0;
  let probeMs = FIRST_PROBE_MS;
  let nextTryAt = 0;
  let openedAt = 0;
  let isStopped = false;

  const isOpen = () => isStopped || failures >= FAILURES_TO_OPEN;

  return {
    isOpen,
    waitMs: () => Math.max(0, nextTryAt - now()),
    isStopped: () => isStopped,
    succeeded(startedAt = now()) {
      const wasOpen = isOpen();
      if (wasOpen && startedAt < openedAt) return false;
      failures = 0;
      probeMs = FIRST_PROBE_MS;
      nextTryAt = 0;
      isStopped = false;
      return wasOpen;
    },
    failed(retryAfterMs = 0) {
      const wasOpen = isOpen();
      failures += 1;
      if (!isOpen()) return false;
      if (!wasOpen) openedAt = now();
      // Those that failed together with the first one: it already waits.
      if (nextTryAt > now()) return true;
      nextTryAt = now() + Math.max(retryAfterMs, probeMs);
      probeMs = Math.min(probeMs * 2, LONGEST_PROBE_MS);
      return true;
    },
    stopped(retryAfterMs = stoppedProbe.everyMs) {
      if (!isStopped) openedAt = now();
      isStopped = true;
      nextTryAt = now() + retryAfterMs;
      return retryAfterMs;
    },
  };
}
