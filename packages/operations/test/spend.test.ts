import { describe, expect, test } from 'vitest';
import { addDays, isDay, periodBefore, ratiosOf, type Sums } from '../src/reports/report.ts';
import { reportCsv, rowWords } from '../src/reports/report-words.ts';
import { readSpend, SpendError } from '../src/reports/spend.ts';

const row = (day: string, source: string, amount: number, campaign = '', content = '') => {
  return { day, source, campaign, content, amount };
};

describe('a table of spend', () => {
  test.each([
    [
      'semicolons',
      'дата;источник;расход\n01.11.2026;facebook;12 500,50\n',
      [row('2026-11-01', 'facebook', 12_500.5)],
    ],
    [
      'commas',
      'day,utm_source,utm_campaign,utm_content,spend_kzt\n2026-11-01,fb,spring,video,"1,250.00"',
      [row('2026-11-01', 'fb', 1250, 'spring', 'video')],
    ],
    [
      'copied from a spreadsheet',
      '\uFEFFДата\tИсточник\tРасход, ₸\r\n1/11/2026\tinstagram\t900 ₸\r\n\r\n',
      [row('2026-11-01', 'instagram', 900)],
    ],
    [
      'a header of Ads Manager',
      'Reporting starts,Campaign name,Amount spent (KZT)\n2026-11-02,Spring,100',
      [row('2026-11-02', 'facebook', 100, 'Spring')],
    ],
    ['nothing spent', 'дата;источник;расход\n2026-11-01;fb;0', [row('2026-11-01', 'fb', 0)]],
  ])('%s', (_, table, rows) => {
    expect(readSpend(table, table.includes('Reporting') ? 'facebook' : undefined)).toEqual(rows);
  });

  test('in the Cyrillic of Windows is read', () => {
    const bytes = Uint8Array.from([
      0xe4,
      0xe0,
      0xf2,
      0xe0,
      0x3b,
      0xe8,
      0xf1,
      0xf2,
      0xee,
      0xf7,
      0xed,
      0xe8,
      0xea,
      0x3b,
      0xf0,
      0xe0,
      0xf1,
      0xf5,
      0xee,
      0xe4,
      ...new TextEncoder().encode('\n2026-11-01;fb;5'),
    ]);
    expect(readSpend(bytes)).toEqual([row('2026-11-01', 'fb', 5)]);
  });

  test.each([
    ['дата;источник\n2026-11-01;fb', 'no_column', { column: 'amount' }],
    ['дата;расход\n2026-11-01;5', 'no_column', { column: 'source' }],
    ['дата;источник;расход\n', 'no_rows', {}],
    [
      'дата;источник;расход\n2026-11-01;fb;5\n31.02.2026;fb;5',
      'bad_row',
      { column: 'day', line: 3, value: '31.02.2026' },
    ],
    [
      'дата;источник;расход\n2026-11-01;fb;-5',
      'bad_row',
      { column: 'amount', line: 2, value: '-5' },
    ],
    ['дата;источник;расход\n2026-11-01;;5', 'bad_row', { column: 'source', line: 2, value: '' }],
    ['', 'no_column', { column: 'day' }],
  ])('%j is refused with its place', (table, problem, place) => {
    let thrown: unknown;
    try {
      readSpend(table);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SpendError);
    expect(thrown).toMatchObject({ problem, place });
  });
});

const sums = (given: Partial<Sums>): Sums => ({
  keys: ['facebook'],
  leads: 0,
  people: 0,
  reachable: 0,
  delivered: 0,
  clicked: 0,
  deals: 0,
  sales: 0,
  refunds: 0,
  revenue: 0,
  spend: null,
  contactMinutes: null,
  ...given,
});

describe('numbers', () => {
  test('without a known spend are unknown, and never 0', () => {
    expect(ratiosOf(sums({ leads: 5, sales: 1, revenue: 5000 }))).toEqual({
      cpl: null,
      cac: null,
      romi: null,
    });
    expect(ratiosOf(sums({ spend: 100 }))).toEqual({ cpl: null, cac: null, romi: -1 });
    expect(ratiosOf(sums({ leads: 4, sales: 2, revenue: 300, spend: 100 }))).toEqual({
      cpl: 25,
      cac: 50,
      romi: 2,
    });
  });

  test('are compared with as many days before', () => {
    expect(periodBefore({ since: '2026-03-01', until: '2026-03-31' })).toEqual({
      since: '2026-01-29',
      until: '2026-02-28',
    });
    expect([addDays('2026-12-31', 1), isDay('2026-02-30'), isDay('2026-2-3')]).toEqual([
      '2027-01-01',
      false,
      false,
    ]);
  });
});

test('a file for spreadsheets has a BOM, commas in numbers, blanks for what is unknown, and no formulas', () => {
  const report = {
    rows: [sums({ keys: ['=cmd()', 'a;b'], leads: 3, spend: 10 })],
    total: sums({ leads: 3 }),
    paid: null,
    days: [],
    stages: [],
    manager: null,
  };
  const [head = '', line, total] = reportCsv(report, 'campaign').split('\r\n');
  expect(head.startsWith('\uFEFFКампания;Часть;Заявки;')).toBe(true);
  expect(line).toBe(`"a;b";'=cmd();3;0;0;0;0;0;0;0;0;10;3,33;;-100;`);
  expect(total).toBe('Всего;;3;0;0;0;0;0;0;0;0;;;;;');
});

test('rows are called by what they are of', () => {
  expect(rowWords('ad', ['facebook', '', 'video'])).toEqual({
    name: 'video',
    of: 'facebook / Без меток',
  });
  expect(rowWords('week', ['2026-11-02'])).toEqual({ name: 'с 02.11.2026', of: '' });
  expect(rowWords('source', null)).toEqual({ name: 'Без заявки', of: '' });
});
