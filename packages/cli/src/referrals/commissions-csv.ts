/** Commissions for whoever pays them, as spreadsheets in Russian open it: with a BOM, semicolons, CRLF. */
import type { CommissionRow, ReferrerRow } from '@leadwire/operations/referrals/referrals';

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
  referrers: readonly ReferrerRow[],
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
  return `\uFEFF${[HEAD, ...lines].map((cells) => cells.map(cell).join(';')).join('\r\n')}\r\n`;
}

/** With a comma, as a Russian spreadsheet reads numbers. */
function decimal(amount: number): string {
  return String(Math.round(amount * 100) / 100).replace('.', ',');
}

/** What somebody typed must not become a formula (`=…`); a quote before it makes it text. */
function cell(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
