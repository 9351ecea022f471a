/** Counts the days of which the landing project keeps no sums, so that nobody who opens a report waits for them. */
import { addDays, dayOf } from '@leadwire/operations/reports/report';
import type { Database } from '@leadwire/shared/providers/supabase';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { z } from 'zod';

/** A year and the year before it: the longest period that one tap shows, with what it is compared to. */
const DAYS = 730;
/** Counted in one go: whoever else wants something of the database waits that long. */
const DAYS_AT_ONCE = 7;

/** One go. Never throws: what could not be counted is counted by whoever reads it, or by the next go. */
export async function keepReportDays(
  landing: Pick<Database, 'call'> | undefined,
  timeZone: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (!landing) return;
  const until = dayOf(new Date(), timeZone);
  const asked = { timeZone, since: addDays(until, 1 - DAYS), until, most: DAYS_AT_ONCE };
  try {
    let counted = 0;
    do counted = await landing.call('leadwire_keep_reports', { asked }, z.number());
    while (counted > 0 && !signal.aborted);
  } catch (thrown) {
    log.warn({ err: toError(thrown) }, 'the days of reports could not be counted');
  }
}
