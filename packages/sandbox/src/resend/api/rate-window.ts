import type { ResendSettings } from '../lifecycle/settings.ts';

export type RateTicket = { allowed: boolean; headers: Record<string, string> };

const WINDOW_MS = 1000;

type Count = { allowed: boolean; left: number; resetMs: number };

/**
 * The team's request limit: every request counts, of whatever outcome, and every answer carries the headers
 * (draft-ietf-httpapi-ratelimit-headers as Resend uses it: `ratelimit-policy: 5;w=1`).
 */
export class RateWindow {
  #startedAt = -Infinity;
  #used = 0;
  #arrivals: number[] = [];
  #lastHeaders: Record<string, string> = {};
  readonly #settings: () => ResendSettings;

  constructor(settings: () => ResendSettings) {
    this.#settings = settings;
  }

  /** Counts one request that arrived then (Unix milliseconds). */
  take(now: number): RateTicket {
    const { ratePerSecond: limit, rateWindow } = this.#settings();
    const { allowed, left, resetMs } =
      rateWindow === 'fixed' ? this.#takeFixed(limit, now) : this.#takeSliding(limit, now);
    const reset = String(Math.max(Math.ceil(resetMs / 1000), 1));
    this.#lastHeaders = {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(left),
      'ratelimit-reset': reset,
      'ratelimit-policy': `${limit};w=1`,
    };
    const headers = { ...this.#lastHeaders, ...(!allowed && { 'retry-after': reset }) };
    return { allowed, headers };
  }

  /** The headers of the last answer, for one that is made before a request is counted. */
  told(): Record<string, string> {
    return this.#lastHeaders;
  }

  reset(): void {
    this.#startedAt = -Infinity;
    this.#used = 0;
    this.#arrivals = [];
  }

  #takeFixed(limit: number, now: number): Count {
    if (now - this.#startedAt >= WINDOW_MS) {
      this.#startedAt = now;
      this.#used = 0;
    }
    this.#used++;
    const left = Math.max(limit - this.#used, 0);
    return { allowed: this.#used <= limit, left, resetMs: this.#startedAt + WINDOW_MS - now };
  }

  #takeSliding(limit: number, now: number): Count {
    this.#arrivals = this.#arrivals.filter((at) => now - at < WINDOW_MS);
    const allowed = this.#arrivals.length < limit;
    if (allowed) this.#arrivals.push(now);
    const left = limit - this.#arrivals.length;
    return { allowed, left, resetMs: (this.#arrivals[0] ?? now) + WINDOW_MS - now };
  }
}
