/** A campaign's own rate, kept by all replicas together; the provider account's limit comes after it. */
import type { Bus } from '@leadwire/shared/bus';
import { createLimiter, type Limiter } from '@leadwire/shared/limiter';
import type { Metrics } from '@leadwire/shared/metrics';

/** Campaigns whose limiter is kept. */
const KEPT = 100;

/** Waits until the campaign may make one more call; at once when it has no rate of its own. */
export type Pace = (campaignId: string, ratePerSecond: number | null) => Promise<void>;

export function createPace({ bus, metrics }: { bus: Bus; metrics: Metrics }): Pace {
  const known = new Map<string, { rate: number; limiter: Limiter }>();

  return async (campaignId, ratePerSecond) => {
    if (ratePerSecond === null) return;
    const found = known.get(campaignId);
    if (found?.rate === ratePerSecond) return found.limiter.acquire('bulk');
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= KEPT) known.delete(oldest);
    const account = `campaign-${campaignId}`;
    const limiter = createLimiter({ bus, metrics, account, ratePerSecond });
    known.set(campaignId, { rate: ratePerSecond, limiter });
    return limiter.acquire('bulk');
  };
}
