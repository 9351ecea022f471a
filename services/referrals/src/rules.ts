/** Who earns what for a sale. Knows nothing of the database or the broker. */
import { derivedId } from '@leadwire/shared/contract/ids';
import type { Conversion, OpenSale, Remark, Tier } from './store.ts';

/**
 * A person may leave their contacts once more after they have paid, or their lead may come in late. Somebody who follows
 * a referrer's link weeks after buying was not brought by them.
 */
export const LATE_LEAD_MS = 24 * 60 * 60_000;

export type Decision =
  | { kind: 'convert'; conversion: Conversion; counted: number; remarks: Remark[] }
  /** Nobody earns anything, for ever. */
  | {
      kind: 'close';
      why: 'student_known' | 'referrer_inactive' | 'lead_too_late';
      remarks: Remark[];
    };

/** The tier of the n-th sale, n from 1; undefined when it reaches none. */
export function tierOf(tiers: readonly Tier[], n: number): Tier | undefined {
  return tiers
    .filter(({ fromSales }) => fromSales <= n)
    .reduce<Tier | undefined>(
      (best, tier) => (best && best.fromSales > tier.fromSales ? best : tier),
      undefined,
    );
}

/** In tenge, to the tiyn. A share of the sale, an amount, or both together. */
export function commissionOf(tier: Tier | undefined, amount: number): number {
  const share = (amount * (tier?.percent ?? 0)) / 100;
  return Math.round((share + (tier?.amount ?? 0)) * 100) / 100;
}

/**
 * The first code that a person came with is the one that counts, also when its referrer is not active any more.
 * @param sale with at least one lead
 */
export function decide(sale: OpenSale, tiers: readonly Tier[]): Decision {
  const inTime = sale.leads.filter(
    ({ leftAt }) => Date.parse(leftAt) - Date.parse(sale.soldAt) <= LATE_LEAD_MS,
  );
  const lead = inTime[0] ?? sale.leads[0];
  if (lead === undefined) throw new RangeError('a sale without a lead cannot be decided on');
  const { referrer, leadId, code } = lead;
  const { referrerId, sales: counted } = referrer;
  const about = { about: sale.saleId, referrerId };
  const closed = (why: 'referrer_inactive' | 'lead_too_late') => ({
    kind: 'close' as const,
    why,
    remarks: [{ ...about, kind: why, details: { code, leadId } }],
  });
  if (sale.isStudentKnown) return { kind: 'close', why: 'student_known', remarks: [] };
  if (inTime.length === 0) return closed('lead_too_late');
  if (!referrer.isActive) return closed('referrer_inactive');

  const others = inTime.filter((other) => other.referrer.referrerId !== referrerId);
  const remarks: Remark[] = others.map((other) => ({
    kind: 'second_code',
    about: other.leadId,
    referrerId,
    details: { counts: code, ignored: other.code },
  }));
  const isSelf = isSamePerson(referrer, sale) || isSamePerson(referrer, lead);
  if (isSelf) remarks.push({ ...about, kind: 'self_referral', details: { code, leadId } });
  const tier = tierOf(tiers, counted + 1);
  const amount = sale.amount ?? 0;
  const conversion: Conversion = {
    conversionId: derivedId('conversion', sale.studentId),
    saleId: sale.saleId,
    referrerId,
    studentId: sale.studentId,
    leadId,
    product: sale.product,
    amount,
    commission: commissionOf(tier, amount),
    tier: tier?.fromSales ?? 0,
    status: sale.isRefunded ? 'reversed' : isSelf ? 'held' : 'pending',
    reason: isSelf ? 'self_referral' : null,
  };
  return { kind: 'convert', conversion, counted, remarks };
}

interface Contact {
  email: string | null;
  phone: string | null;
}

function isSamePerson(one: Contact, other: Contact): boolean {
  const isMail = one.email !== null && one.email.toLowerCase() === other.email?.toLowerCase();
  const isPhone = one.phone !== null && digitsOf(one.phone) === digitsOf(other.phone ?? '');
  return isMail || isPhone;
}

/** The last ten: a row written by hand may say `8 700 …` for `+7 700 …`. */
function digitsOf(phone: string): string {
  return phone.replace(/\D/g, '').slice(-10);
}
