/** Referrers and commissions on a terminal. */
import { maskEmail, maskPhone } from '@leadwire/operations/masking/mask';
import type { CommissionRow, ReferrerRow } from '@leadwire/operations/referrals/referrals';
import { columns, oneLine } from '../terminal.ts';

export const money = (amount: number) => `${Math.round(amount * 100) / 100} ₸`;
/** What those in these states earn together. */
export const sumOf = (rows: readonly CommissionRow[], ...states: string[]) =>
  rows
    .filter(({ status }) => states.includes(status))
    .reduce((sum, { commission }) => sum + commission, 0);

/** Contacts are masked unless they are asked for: a screen is often shared. */
export function shown(row: ReferrerRow, flags: { private?: boolean }): ReferrerRow {
  if (flags.private) return row;
  const { email, phone } = row;
  return { ...row, email: email && maskEmail(email), phone: phone && maskPhone(phone) };
}

/** `own` are the commissions of each. */
export function referrerLines(rows: readonly (ReferrerRow & { own: CommissionRow[] })[]): string[] {
  const lines = rows.map(({ own, ...row }) => [
    oneLine(row.code),
    row.is_active ? 'active' : 'off',
    String(row.clicks),
    String(own.filter(({ status }) => status !== 'reversed').length),
    money(sumOf(own, 'held')),
    money(sumOf(own, 'pending', 'approved')),
    money(sumOf(own, 'paid')),
    oneLine(row.email ?? row.phone ?? ''),
  ]);
  return columns(['CODE', 'STATE', 'CLICKS', 'SALES', 'HELD', 'TO PAY', 'PAID', 'CONTACT'], lines);
}

export function commissionLines(rows: readonly CommissionRow[]): string[] {
  if (rows.length === 0) return ['No commissions.'];
  const lines = rows.map((row) => [
    row.id,
    row.created_at.slice(0, 10),
    [row.status, row.reason].filter(Boolean).join(': '),
    money(row.amount),
    money(row.commission),
    oneLine(row.student_id),
    oneLine(row.product ?? ''),
  ]);
  return columns(['ID', 'DAY', 'STATE', 'SALE', 'COMMISSION', 'STUDENT', 'PRODUCT'], lines);
}
