import type { MobizonSettings } from '../lifecycle/settings.ts';

type Bucket = { tokens: number; at: number };

/** The one published figure: taskqueue/getStatus at most once per second. */
const PUBLISHED: Record<string, number> = { 'taskqueue/getstatus': 1 };

/** A token bucket for each method; the service tells nothing of its own limit but code 30. */
export function createMethodRate(settings: () => MobizonSettings, now: () => number) {
  const buckets = new Map<string, Bucket>();
  return {
    /** Takes one token of `method`; false when there is none. */
    take(method: string): boolean {
      const perSecond = PUBLISHED[method] ?? settings().ratePerSecondPerMethod;
      const most = Math.max(perSecond, 1);
      const { tokens, at } = buckets.get(method) ?? { tokens: most, at: now() };
      const filled = Math.min(most, tokens + ((now() - at) / 1000) * perSecond);
      buckets.set(method, { tokens: filled >= 1 ? filled - 1 : filled, at: now() });
      return filled >= 1;
    },
    reset(): void {
      buckets.clear();
    },
  };
}

export type MethodRate = ReturnType<typeof createMethodRate>;
