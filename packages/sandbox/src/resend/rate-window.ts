import type { ResendSettings } from './settings.ts';

export type RateTicket = { allowed: boolean; headers: Record<string, string> };

const WINDOW_MS = 1000;

/**
 * The team's request limit: every request counts, of whatever outcome, and every answer carries the headers
 * (draft-ietf-httpapi-ratelimit-headers as Resend uses it: `ratelimit-policy: 5;w=1`).
 */
export function createRateWindow(settings: () => ResendSettings, now: () => number) {
  let startedAt = -Infinity;
  let used = 0;
  let arrivals: number[] = [];

  const takeFixed = (limit: number): [allowed: boolean, left: number, resetMs: number] => {
    if (now() - startedAt >= WINDOW_MS) {
      startedAt = now();
      used = 0;
    }
    used++;
    return [used <= limit, Math.max(limit - used, 0), startedAt + WINDOW_MS - now()];
  };
  const takeSliding = (limit: number): [allowed: boolean, left: number, resetMs: number] => {
    arrivals = arrivals.filter((at) => now() - at < WINDOW_MS);
    const allowed = arrivals.length < limit;
    if (allowed) arrivals.push(now());
    return [allowed, limit - arrivals.length, (arrivals[0] ?? now()) + WINDOW_MS - now()];
  };

  let lastHeaders: Record<string, string> = {};
  return {
    /** The headers of the last answer, for one that is made before a request is counted. */
    told: () => lastHeaders,
    /** Counts one request. */
    take(): RateTicket {
      const { ratePerSecond: limit, rateWindow } = settings();
      const [allowed, left, resetMs] =
        rateWindow === 'fixed' ? takeFixed(limit) : takeSliding(limit);
      const reset = String(Math.max(Math.ceil(resetMs / 1000), 1));
      const headers: Record<string, string> = {
        'ratelimit-limit': String(limit),
        'ratelimit-remaining': String(left),
        'ratelimit-reset': reset,
        'ratelimit-policy': `${limit};w=1`,
      };
      lastHeaders = { ...headers };
      if (!allowed) headers['retry-after'] = reset;
      return { allowed, headers };
    },
    reset(): void {
      startedAt = -Infinity;
      used = 0;
      arrivals = [];
    },
  };
}
