/** Of the leads that came in one week or month: how many sales they had after so many days. */
import { z } from 'zod';
import { addDays, dayOf, daysIn, type ReportQuery } from './report.ts';

/** So many days after the lead. */
export const COHORT_DAYS = [7, 14, 30, 60, 90] as const;
/** A longer period is shown by months: half a year of weeks is more than anybody reads. */
const LONGEST_IN_WEEKS = 184;

const count = z.number().int();
export const cohortsSchema = z.array(
  z.object({
    /** Its first day: a Monday, or the first of a month. */
    cohort: z.string(),
    leads: count,
    /** Not refunded, up to now. */
    sales: count,
    /** Sales within each of COHORT_DAYS. */
    within: z.array(count),
  }),
);
export type Cohort = z.infer<typeof cohortsSchema>[number];

/** What `leadwire_report_cohorts` and `console_report_cohorts` are asked. */
export function cohortsAsked(query: ReportQuery) {
  const { since, until, timeZone, touch, source, campaign, manager } = query;
  return {
    since,
    until,
    timeZone,
    touch,
    source,
    campaign,
    manager,
    unit: unitOf(query),
    days: COHORT_DAYS,
  };
}

export function unitOf({ by, since, until }: ReportQuery): 'week' | 'month' {
  return by === 'month' || daysIn({ since, until }) > LONGEST_IN_WEEKS ? 'month' : 'week';
}

/** The last day of the cohort that lies in the period. */
function lastDayOf({ cohort }: Cohort, query: ReportQuery): string {
  const next =
    unitOf(query) === 'week' ? addDays(cohort, 7) : `${addDays(cohort, 31).slice(0, 7)}-01`;
  const last = addDays(next, -1);
  return last < query.until ? last : query.until;
}

/** Whether so many days have passed for every lead of it: before that its number may still grow. */
export function isOver(cohort: Cohort, days: number, query: ReportQuery, now: Date): boolean {
  return addDays(lastDayOf(cohort, query), days) < dayOf(now, query.timeZone);
}
