/** How long a campaign takes when nothing else is sent: what the account and the budget of SMS allow. */
import type { Campaign } from './campaign-store.ts';

export interface Pace {
  /** Calls to the provider a second that the account allows. */
  callsPerSecond: Record<Campaign['channel'], number>;
  /** SMS of campaigns; 0 for no limit. */
  smsPerHour: number;
  smsPerDay: number;
}

/** A batch of mails is one call; of SMS it is a draft, its numbers, and the order to send. */
const CALLS_PER_BATCH = { email: 1, sms: 3 };
const HOUR_S = 60 * 60;

/** In seconds, without quiet hours. */
export function secondsFor(
  people: number,
  { channel, ratePerSecond }: Pick<Campaign, 'channel' | 'ratePerSecond'>,
  { batchSize, pace }: { batchSize: number; pace: Pace },
): number {
  if (people === 0) return 0;
  const calls = Math.ceil(people / batchSize) * CALLS_PER_BATCH[channel];
  const seconds = calls / Math.min(ratePerSecond ?? Infinity, pace.callsPerSecond[channel]);
  const waits = [
    [pace.smsPerHour, HOUR_S],
    [pace.smsPerDay, 24 * HOUR_S],
  ].map(([most = 0, window = 0]) => (most > 0 ? Math.floor((people - 1) / most) * window : 0));
  return Math.ceil(Math.max(seconds, ...(channel === 'sms' ? waits : [])));
}
