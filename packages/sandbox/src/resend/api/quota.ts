import type { Store } from '../../world/store.ts';
import { ResendError } from './answers.ts';
import type { ResendSettings } from '../lifecycle/settings.ts';

type Used = { period: string; recipients: number };

/** How many recipients the team has mailed today and this month (UTC); every To, Cc and Bcc counts. */
export function createQuota(store: Store, settings: () => ResendSettings, now: () => number) {
  const table = store.table<Used>('resend-quota');
  const day = (): string => new Date(now()).toISOString().slice(0, 10);
  const month = (): string => day().slice(0, 7);
  const used = (period: string): number => table.get(period)?.recipients ?? 0;

  return {
    usedToday: () => used(day()),
    usedThisMonth: () => used(month()),
    /** Throws the 429 of whichever quota `recipients` more would cross; nothing is counted yet. */
    check(recipients: number): void {
      const { dailyQuota, monthlyQuota } = settings();
      if (monthlyQuota !== null && used(month()) + recipients > monthlyQuota) {
        throw new ResendError(
          429,
          'monthly_quota_exceeded',
          'You have reached your monthly email sending quota.',
        );
      }
      if (dailyQuota !== null && used(day()) + recipients > dailyQuota) {
        throw new ResendError(
          429,
          'daily_quota_exceeded',
          'You have reached your daily email sending quota.',
        );
      }
    },
    count(recipients: number): void {
      for (const period of [day(), month()]) {
        table.put(period, { period, recipients: used(period) + recipients });
      }
    },
    /** Both numbers are what was USED; the daily one is sent on plans that have a daily cap. */
    headers(): Record<string, string> {
      const headers: Record<string, string> = { 'x-resend-monthly-quota': String(used(month())) };
      if (settings().dailyQuota !== null) headers['x-resend-daily-quota'] = String(used(day()));
      return headers;
    },
  };
}

export type Quota = ReturnType<typeof createQuota>;
