/** How rows of a report are called, and the report as a file for spreadsheets. */
import { ratiosOf, type Grouping, type Report, type Sums } from './report.ts';

export const groupingWords: Readonly<Record<Grouping, string>> = {
  source: 'Источник',
  page: 'Страница',
  campaign: 'Кампания',
  ad: 'Объявление',
  targetologist: 'Таргетолог',
  referrer: 'Партнёр',
  manager: 'Менеджер',
  day: 'День',
  week: 'Неделя',
  month: 'Месяц',
};

const NOTHING: Readonly<Record<Grouping, string>> = {
  source: 'Без меток',
  page: 'Форма неизвестна',
  campaign: 'Без кампании',
  ad: 'Без объявления',
  targetologist: 'Ничьи метки',
  referrer: 'Без партнёра',
  manager: 'Без менеджера',
  day: '—',
  week: '—',
  month: '—',
};

/** What a row is called, and what it is part of: an ad's campaign and source. */
export function rowWords(
  by: Grouping,
  keys: readonly string[] | null,
): { name: string; of: string } {
  if (keys === null) return { name: 'Без заявки', of: '' };
  const name = keys.at(-1) ?? '';
  // An id says nothing to people.
  const of = by === 'manager' ? [] : keys.slice(0, -1).map((part) => part || NOTHING.source);
  const shown = by === 'week' ? `с ${dayWords(name)}` : by === 'day' ? dayWords(name) : name;
  return { name: name === '' ? NOTHING[by] : shown, of: of.join(' / ') };
}

const dayWords = (day: string) => day.split('-').reverse().join('.');

const HEAD = [
  'Заявки',
  'Люди',
  'Можно связаться',
  'Дошло',
  'Переходы',
  'Сделки',
  'Продажи',
  'Возвраты',
  'Выручка, ₸',
  'Расход, ₸',
  'CPL, ₸',
  'CAC, ₸',
  'ROMI, %',
  'До первого шага, мин',
];

/** With a BOM, semicolons and commas in numbers, as spreadsheets in Russian open it. Unknown is empty. */
export function reportCsv(report: Report, by: Grouping): string {
  const lines = [
    [groupingWords[by], 'Часть', ...HEAD],
    ...report.rows.map((row) => lineOf(row, rowWords(by, row.keys))),
    lineOf(report.total, { name: 'Всего', of: '' }),
  ];
  return `\uFEFF${lines.map((cells) => cells.map(cell).join(';')).join('\r\n')}\r\n`;
}

function lineOf(sums: Sums, { name, of }: { name: string; of: string }): string[] {
  const { cpl, cac, romi } = ratiosOf(sums);
  const numbers = [
    ...[sums.leads, sums.people, sums.reachable, sums.delivered, sums.clicked, sums.deals],
    ...[sums.sales, sums.refunds, sums.revenue, sums.spend, cpl, cac],
    ...[romi === null ? null : romi * 100, sums.contactMinutes],
  ];
  return [name, of, ...numbers.map(decimal)];
}

function decimal(value: number | null): string {
  return value === null ? '' : String(Math.round(value * 100) / 100).replace('.', ',');
}

/** What somebody typed must not become a formula (`=…`); a quote before it makes it text. */
function cell(value: string): string {
  const isNumber = /^-?\d+(,\d+)?$/.test(value);
  const harmless = !isNumber && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
