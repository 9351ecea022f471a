/** Commissions for whoever pays them, as a file for spreadsheets. */
import type { CommissionRow, ReferrerRow } from './referrals.ts';
import { decimal, spreadsheet } from '../spreadsheet/spreadsheet.ts';

const STATES: Record<CommissionRow['status'], string> = {
  held: 'на проверке',
  pending: 'ожидает',
  approved: 'к выплате',
  paid: 'выплачено',
  reversed: 'возврат',
};

const HEAD = [
  'Дата',
  'Партнёр',
  'Код',
  'Почта',
  'Телефон',
  'Ученик',
  'Продукт',
  'Сумма продажи',
  'Комиссия',
  'Состояние',
  'Номер',
];

/** One line for each commission, with the contacts of its referrer. */
export function commissionsCsv(
  rows: readonly CommissionRow[],
  referrers: readonly Pick<ReferrerRow, 'id' | 'name' | 'code' | 'email' | 'phone'>[],
): string {
  const byId = new Map(referrers.map((referrer) => [referrer.id, referrer]));
  const lines = rows.map((row) => {
    const owner = byId.get(row.referrer_id);
    return [
      row.created_at.slice(0, 10),
      owner?.name ?? '',
      owner?.code ?? '',
      owner?.email ?? '',
      owner?.phone ?? '',
      row.student_id,
      row.product ?? '',
      decimal(row.amount),
      decimal(row.commission),
      STATES[row.status],
      row.id,
    ];
  });
  return spreadsheet([HEAD, ...lines]);
}
