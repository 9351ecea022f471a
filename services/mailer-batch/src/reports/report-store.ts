/** What a report is made of, as the database's functions keep it. All throw as `Database` does. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';

/** A sale counts for a campaign within so many days of the person's copy. */
const SALE_DAYS = 14;
/** Who has not opened a mail by then hardly will. */
const HOURS = 48;

const number = z.number();

export const summarySchema = z.object({
  /** Those with trouble first. */
  domains: z.array(
    z.object({
      domain: z.string(),
      sent: number,
      delivered: number,
      bounced: number,
      failed: number,
      opened: number,
      complained: number,
    }),
  ),
  /** `link` as it stands in the text, `unsubscribe`, or empty. `early`: scanners, who count for nothing else. */
  links: z.array(z.object({ link: z.string(), people: number, clicks: number, early: number })),
  /** First opens and clicks in each hour after the copy went out, from 0; hours without any are left out. */
  hours: z.array(z.object({ hour: number, opened: number, clicked: number })),
  sales: z.object({ count: number, amount: number }),
  unsubscribed: number,
  /** Of SMS that went out. */
  segments: number.nullable(),
});

export type Summary = z.infer<typeof summarySchema>;

const readerSchema = z.object({
  recipientId: z.string(),
  campaignId: z.string(),
  contact: z.string(),
  name: z.string().nullable(),
  variables: z.record(z.string(), z.unknown()),
  at: z.coerce.date(),
});
/** Whom a copy was made for, and the moment for which its text was made. */
export type Reader = z.infer<typeof readerSchema>;

export interface Click {
  eventId: string;
  campaignId: string;
  recipientId: string;
  /** As it stands in the text; empty when it is not one of its links. */
  link: string;
  at: string;
  byProgram?: boolean | undefined;
}

export type ReportStore = ReturnType<typeof createReportStore>;

export function createReportStore(database: Pick<Database, 'call' | 'storeRows'>) {
  return {
    summary: (id: string) =>
      database.call(
        'leadwire_campaign_summary',
        { p_id: id, p_sale_days: SALE_DAYS, p_hours: HOURS },
        summarySchema,
      ),
    /** The texts as they were at the start; null for a campaign that has not been started or is gone. */
    frozen: (id: string) =>
      database.call('leadwire_campaign_frozen', { p_id: id }, z.unknown().nullable()),
    readers: (recipientIds: readonly string[]) =>
      database.call('leadwire_campaign_readers', { p_ids: recipientIds }, z.array(readerSchema)),
    storeClicks: (clicks: readonly Click[]) =>
      database.storeRows('leadwire_store_campaign_clicks', clicks),
  };
}
