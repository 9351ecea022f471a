/** The database as this service needs it: supabase/schemas/77_referrals.sql and 78_referral_conversions.sql. */
import { z } from 'zod';
import type { Database } from '@leadwire/shared/providers/supabase';

/** Read in one go; more are read when these are done. */
export const MOST = 50;

const contact = { email: z.string().nullable(), phone: z.string().nullable() };
const tierSchema = z.object({
  fromSales: z.number(),
  percent: z.number().nullable(),
  amount: z.number().nullable(),
});
export type Tier = z.infer<typeof tierSchema>;

const saleSchema = z.object({
  ...contact,
  saleId: z.uuid(),
  studentId: z.string(),
  product: z.string().nullable(),
  amount: z.number().nullable(),
  soldAt: z.string(),
  isRefunded: z.boolean(),
  /** Another sale of the same student is a conversion already. */
  isStudentKnown: z.boolean(),
  leads: z.array(
    z.object({
      ...contact,
      leadId: z.uuid(),
      code: z.string(),
      leftAt: z.string(),
      referrer: z.object({
        ...contact,
        referrerId: z.uuid(),
        isActive: z.boolean(),
        /** How many count for the tier so far. */
        sales: z.number(),
      }),
    }),
  ),
});
/** A sale of somebody who was brought, with their leads that carry a code, the first one first. */
export type OpenSale = z.infer<typeof saleSchema>;

const openSchema = z.object({ tiers: z.array(tierSchema), sales: z.array(saleSchema) });

const untoldSchema = z.object({
  ...contact,
  conversionId: z.uuid(),
  commission: z.number(),
  product: z.string().nullable(),
  name: z.string(),
});
export type UntoldCommission = z.infer<typeof untoldSchema>;

const reversedSchema = z.object({
  conversionId: z.uuid(),
  referrerId: z.uuid(),
  wasPaid: z.boolean(),
});

export interface Conversion {
  conversionId: string;
  saleId: string;
  referrerId: string;
  studentId: string;
  leadId: string;
  product: string | null;
  /** Tenge. */
  amount: number;
  commission: number;
  /** `fromSales` of the tier; 0 when none was reached. */
  tier: number;
  status: 'pending' | 'held' | 'reversed';
  reason: string | null;
}

export interface Remark {
  kind:
    | 'second_code'
    | 'referrer_inactive'
    | 'lead_too_late'
    | 'self_referral'
    | 'refund_after_payment';
  about: string;
  referrerId: string;
  details: Record<string, unknown>;
}

export type ReferralStore = ReturnType<typeof createReferralStore>;

/** All methods throw as `Database` does; each may be repeated. */
export function createReferralStore(database: Database) {
  return {
    putReferrer: (row: object) => database.storeRows('leadwire_put_referrers', [row]),
    countClick: (row: object) => database.storeRows('leadwire_count_referral_clicks', [row]),
    putLead: (row: object) => database.storeRows('leadwire_store_referral_leads', [row]),
    putSale: (row: object) => database.storeRows('leadwire_store_referral_sales', [row]),

    open: () => database.call('leadwire_open_referrals', { most: MOST }, openSchema),
    /** `changed`: the referrer has other than `counted` sales by now, and nothing was written. */
    convert: (conversion: Conversion, counted: number) =>
      database.call(
        'leadwire_convert_referral',
        { conversion, counted },
        z.enum(['created', 'student_known', 'changed']),
      ),
    close: (sale: string, why: string) =>
      database.call('leadwire_close_referral', { sale, why }, z.unknown()),
    reverse: () => database.call('leadwire_reverse_referrals', {}, z.array(reversedSchema)),

    untold: () => database.call('leadwire_untold_referrals', { most: MOST }, z.array(untoldSchema)),
    told: (conversion: string) =>
      database.call('leadwire_referrer_told', { conversion }, z.unknown()),
    /** Whether it is new. */
    remark: ({ kind, about, referrerId: referrer, details }: Remark) =>
      database.call('leadwire_remark_referral', { kind, about, referrer, details }, z.boolean()),
  };
}
