/** The limits of requests, and the block for those who do not keep them. */
import type { ProviderAnswer } from '../../world/provider.ts';
import type { Store } from '../../world/store.ts';
import { nginxPage, problem } from './answers.ts';
import type { AmocrmSettings } from '../lifecycle/settings.ts';

const SECOND_MS = 1000;

export type RateLimit = {
  /** Null when the call may go on; otherwise what is answered instead of it. */
  take(integration: string): ProviderAnswer | null;
  block(): void;
  unblock(): void;
  state(): { blocked: boolean; excesses: number };
  reset(): void;
};

/** Sliding seconds; the block lies in the store, because nothing but support lifts it. */
export function createRateLimit(
  store: Store,
  settings: () => AmocrmSettings,
  now: () => number,
): RateLimit {
  const blocks = store.table<true>('amocrm-blocked');
  const arrivals = new Map<string, number[]>();
  let excesses: number[] = [];
  let refusals = 0;
  const isBlocked = (): boolean => blocks.get('account') !== undefined;

  const recent = (key: string): number[] => {
    const kept = (arrivals.get(key) ?? []).filter((at) => now() - at < SECOND_MS);
    arrivals.set(key, kept);
    return kept;
  };
  const exceed = (): ProviderAnswer => {
    const { blockAfterExcesses, blockPeriodMs, tooManyBody } = settings();
    excesses = [...excesses.filter((at) => now() - at < blockPeriodMs), now()];
    if (blockAfterExcesses > 0 && excesses.length >= blockAfterExcesses)
      blocks.put('account', true);
    refusals++;
    const isPage = tooManyBody === 'html' || (tooManyBody === 'alternate' && refusals % 2 === 0);
    return isPage ? nginxPage(429) : tooMany();
  };
  return {
    take: (integration) => {
      if (isBlocked()) return nginxPage(403);
      const { ratePerSecond, rateScope, accountRatePerSecond } = settings();
      const own = recent(rateScope === 'ip' ? 'ip' : `integration:${integration}`);
      const all = recent('account');
      if (own.length >= ratePerSecond || all.length >= accountRatePerSecond) return exceed();
      own.push(now());
      all.push(now());
      return null;
    },
    block: () => blocks.put('account', true),
    unblock: () => {
      blocks.remove('account');
      excesses = [];
    },
    state: () => ({ blocked: isBlocked(), excesses: excesses.length }),
    reset: () => {
      arrivals.clear();
      excesses = [];
      refusals = 0;
    },
  };
}

/** 429 as Kommo's page "HTTP status code" shows it: the hint is in the body, not in a header. */
export function tooMany(): ProviderAnswer {
  return problem(429, 'Request limit exceeded. Please try again later.', { retry_after: 300 });
}
