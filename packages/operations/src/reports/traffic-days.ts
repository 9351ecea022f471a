/**
 * The days of targetologists in the traffic project (`traffic_daily_stats`, what `/target` reads): leads, sales and
 * revenue go there as the landing project counts them, and the spend that the dashboard keeps comes back.
 */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { addDays, type ReportQuery } from './report.ts';

/** Both included; days of the business's time zone. */
export type CountedDays = Pick<ReportQuery, 'since' | 'until' | 'timeZone'>;

/** Counted in one go: a quarter of a year of thirty tags stays one request. */
const DAYS_AT_ONCE = 31;

const daysSchema = z.array(z.looseObject({ day: z.string(), source: z.string() }));
const spendSchema = z.array(
  z.object({ day: z.string(), source: z.string(), amount: z.number().min(0) }),
);
const takenSchema = z.object({ amount: z.number(), kept: z.number() });

export interface CountedTraffic {
  /** Rows of the dashboard that had other numbers, or were not there. */
  changed: number;
  /** Tenge that the dashboard says were spent, taken into the reports. */
  spend: number;
  /** Days and sources of which a person has brought the spend in: theirs holds. */
  kept: number;
}

/**
 * Counts these days anew from what is stored; the same again changes nothing. What others write into the table stays.
 * @throws as `Database`
 */
export async function countTrafficDays(
  { landing, traffic }: { landing: Pick<Database, 'call'>; traffic: Pick<Database, 'call'> },
  { since, until, timeZone }: CountedDays,
): Promise<CountedTraffic> {
  const sum: CountedTraffic = { changed: 0, spend: 0, kept: 0 };
  for (let from = since; from <= until; from = addDays(from, DAYS_AT_ONCE)) {
    const last = addDays(from, DAYS_AT_ONCE - 1);
    const asked = { since: from, until: last < until ? last : until, timeZone };
    const rows = await landing.call('leadwire_traffic_days', { asked }, daysSchema);
    sum.changed += await traffic.call('leadwire_put_traffic_days', { asked, rows }, z.number());
    const spent = await traffic.call('leadwire_traffic_spend', { asked }, spendSchema);
    const args = { asked, rows: spent };
    const taken = await landing.call('leadwire_take_traffic_spend', args, takenSchema);
    sum.spend += taken.amount;
    sum.kept += taken.kept;
  }
  return sum;
}

/** So many days up to this one. */
export function daysUpTo(until: string, days: number, timeZone: string): CountedDays {
  const since = addDays(until, 1 - days);
  return { since, until, timeZone };
}
