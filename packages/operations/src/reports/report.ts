/**
 * What came in of what was paid for: the numbers of Отчёты and of `leadwire report`. Sums are the database's
 * (supabase/schemas/83_reports.sql); what follows from them is reckoned here, once for everybody.
 */
import { z } from 'zod';

/**
 * How rows are parted. `page` is the form or landing page, `ad` the utm_content, `referrer` who brought somebody, `manager`
 * who has the lead now.
 */
export const groupings = [
  'source',
  'page',
  'campaign',
  'ad',
  'targetologist',
  'referrer',
  'manager',
  'day',
  'week',
  'month',
] as const;
export type Grouping = (typeof groupings)[number];

/** Which lead of a person a sale belongs to, and which visit the tags of a lead are of. */
export const touches = ['first', 'last'] as const;
export type Touch = (typeof touches)[number];

export interface ReportQuery {
  /** Days `2026-11-01`, both included, of the business's time zone. */
  since: string;
  until: string;
  timeZone: string;
  by: Grouping;
  touch: Touch;
  /** Of this source alone, and of this campaign of it; in any case. An empty one is what bears no tag. */
  source?: string | undefined;
  campaign?: string | undefined;
  /** Whose leads alone: the id of who works here, or worked; empty for leads that nobody has. */
  manager?: string | undefined;
}

const count = z.number().int();
const sumsSchema = z.object({
  /** What the row is of: one value; source, campaign and ad; a manager’s id and name. Null: sales without a lead, spend of no row. */
  keys: z.array(z.string()).nullable(),
  leads: count,
  people: count,
  reachable: count,
  delivered: count,
  clicked: count,
  deals: count,
  /** Those that were not refunded. */
  sales: count,
  refunds: count,
  /** Tenge, of the sales. */
  revenue: z.number(),
  /** Null when nobody has said. */
  spend: z.number().nullable(),
  /** Whole minutes from receipt to the first move of the deal, the median; null while none was moved. */
  contactMinutes: z.number().nullable(),
});
export type Sums = z.infer<typeof sumsSchema>;

export const reportSchema = z.object({
  rows: z.array(sumsSchema),
  total: sumsSchema,
  /** The sources whose spend is known, together: only of these a price can be said. Null without any. */
  paid: z.object({ leads: count, sales: count, revenue: z.number(), spend: z.number() }).nullable(),
  days: z.array(
    z.object({
      day: z.string(),
      leads: count,
      sales: z.number(),
      revenue: z.number(),
      spend: z.number().nullable(),
    }),
  ),
  stages: z.array(z.object({ stage: z.string().nullable(), count })),
  /** What the manager is called whose leads were asked for; null for nobody, and where none was. */
  manager: z.string().nullable(),
});
export type Report = z.infer<typeof reportSchema>;

/** Tenge; ROMI as a share of the spend, by revenue. Null is unknown, which is not 0. */
export interface Ratios {
  cpl: number | null;
  cac: number | null;
  romi: number | null;
}

/** CPL = spend / leads, CAC = spend / sales, ROMI = (revenue − spend) / spend. */
export function ratiosOf({ leads, sales, revenue, spend }: Paid): Ratios {
  if (spend === null) return { cpl: null, cac: null, romi: null };
  return {
    cpl: leads > 0 ? spend / leads : null,
    cac: sales > 0 ? spend / sales : null,
    romi: spend > 0 ? (revenue - spend) / spend : null,
  };
}

export type Paid = Pick<Sums, 'leads' | 'sales' | 'revenue' | 'spend'>;

const DAY_MS = 24 * 60 * 60_000;

/** The day of a moment, as `2026-11-01`. */
export function dayOf(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv', { timeZone }).format(at);
}

/** `2026-11-01` and so many days on, or back. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** A day that there is, written as `2026-11-01`. */
export function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at) && addDays(text, 0) === text;
}

/** How many days from the first to the last, both included. */
export function daysIn({ since, until }: Pick<ReportQuery, 'since' | 'until'>): number {
  return Math.round((Date.parse(until) - Date.parse(since)) / DAY_MS) + 1;
}

/** As many days just before. */
export function periodBefore<Query extends Pick<ReportQuery, 'since' | 'until'>>(
  query: Query,
): Query {
  const days = daysIn(query);
  return { ...query, since: addDays(query.since, -days), until: addDays(query.since, -1) };
}
