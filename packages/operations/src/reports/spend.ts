/** What advertising cost, out of a table that somebody exported or copied: which columns, days and amounts it has. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import { RefusedError } from '../refused-error.ts';
import { isDay } from './report.ts';

export type SpendColumn = 'day' | 'source' | 'campaign' | 'content' | 'amount';

/** Where in the table, lines from 1; what of it is unknown is missing. */
export interface SpendPlace {
  column?: SpendColumn;
  line?: number;
  value?: string;
}

/** `no_column`: a column is missing; `bad_row`: something cannot be read; `no_rows`: there is none. */
export class SpendError extends RefusedError<'no_column' | 'bad_row' | 'no_rows'> {
  override readonly name = 'SpendError';
  readonly place: SpendPlace;

  constructor(problem: SpendError['problem'], message: string, place: SpendPlace = {}) {
    super(problem, message);
    this.place = place;
  }
}

export interface SpendRow {
  /** `2026-11-01` */
  day: string;
  source: string;
  campaign: string;
  content: string;
  /** Tenge. */
  amount: number;
}

/** What became of an import; amounts in tenge. `replaced` is what was known of these days and sources before. */
export const importedSchema = z.object({
  days: z.number(),
  rows: z.number(),
  amount: z.number(),
  replaced: z.number(),
});
export type Imported = z.infer<typeof importedSchema>;

/** Names of columns in files of ad platforms and of people, in lower case. */
const COLUMNS = {
  day: ['день', 'дата', 'date', 'day', 'reporting starts', 'начало отчетности'],
  source: ['источник', 'source', 'utm_source', 'канал', 'площадка'],
  campaign: ['кампания', 'campaign', 'utm_campaign', 'campaign name', 'название кампании'],
  content: ['объявление', 'ad', 'utm_content', 'ad name', 'content', 'креатив'],
  amount: [
    'расход',
    'расходы',
    'spend',
    'spend_kzt',
    'amount',
    'cost',
    'сумма',
    'потрачено',
    'сумма затрат',
    'amount spent',
  ],
} as const satisfies Record<SpendColumn, readonly string[]>;

/**
 * The rows of a table with a header: commas, semicolons or tabs, UTF-8 or the Cyrillic of Windows.
 * @param source for a table without a column of sources
 * @throws SpendError with the line and what is wrong in it; nothing is taken of such a table
 */
export function readSpend(table: string | Uint8Array, source?: string): SpendRow[] {
  const text = typeof table === 'string' ? table : decode(table);
  const [first = ''] = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .split(/\r?\n/);
  const delimiter = [';', '\t', ','].find((each) => first.includes(each)) ?? ';';
  const [header = [], ...lines] = cellsOf(text, delimiter);
  const at = columnsOf(header, source !== undefined);
  if (lines.length === 0) throw new SpendError('no_rows', 'there is no line below the header');
  return lines.map((cells, index) => {
    const cell = (column: SpendColumn) => (cells[at[column]] ?? '').trim().slice(0, 200);
    const fail = (column: SpendColumn): never => {
      const place = { column, line: index + 2, value: cell(column).slice(0, 40) };
      throw new SpendError(
        'bad_row',
        `line ${place.line}: ${column}: cannot read "${place.value}"`,
        place,
      );
    };
    const from = at.source < 0 ? (source ?? '') : cell('source');
    return {
      day: dayIn(cell('day')) ?? fail('day'),
      source: from === '' ? fail('source') : from,
      campaign: cell('campaign'),
      content: cell('content'),
      amount: amountIn(cell('amount')) ?? fail('amount'),
    };
  });
}

function cellsOf(text: string, delimiter: string): string[][] {
  try {
    const options = { delimiter, bom: true, relax_column_count: true, skip_empty_lines: true };
    return parse(text.trimStart(), {
      ...options,
      relax_quotes: true,
      skip_records_with_empty_values: true,
    });
  } catch {
    throw new SpendError('bad_row', 'the table cannot be read: look at its quotes');
  }
}

function columnsOf(header: readonly string[], hasSource: boolean): Record<SpendColumn, number> {
  const names = header.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replace(/\s*\(.*\)$|(?:,\s*|\s+)(?:₸|kzt|тг)$/u, ''),
  );
  const find = (column: SpendColumn) =>
    names.findIndex((name) => COLUMNS[column].some((known) => known === name));
  const at = {
    day: find('day'),
    source: find('source'),
    campaign: find('campaign'),
    content: find('content'),
    amount: find('amount'),
  };
  for (const column of ['day', 'source', 'amount'] as const) {
    if (at[column] >= 0 || (column === 'source' && hasSource)) continue;
    throw new SpendError('no_column', `no column is called ${COLUMNS[column].join(', ')}`, {
      column,
    });
  }
  return at;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1251').decode(bytes);
  }
}

/** `2026-11-01`, `01.11.2026`, `1/11/2026`: the day comes before the month. */
function dayIn(text: string): string | undefined {
  const [, day = '', month = '', year = ''] =
    /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text) ?? [];
  const iso =
    year === '' ? text.slice(0, 10) : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(iso) ? iso : undefined;
}

/** `12 345,67 ₸`, `12345.67`, `12,345.67`; never below 0. */
function amountIn(text: string): number | undefined {
  const plain = text.replace(/[\s\u00A0\u202F₸'’]|kzt|тг\.?|тенге/giu, '');
  const isGrouped = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain);
  const number = isGrouped ? plain.replaceAll(',', '') : plain.replace(',', '.');
  return /^\d+(\.\d+)?$/.test(number) ? Math.round(Number(number) * 100) / 100 : undefined;
}

/** Calls `leadwire_import_spend`, or `console_import_spend` with the rights of whoever acts. */
export type WriteSpend = (rows: readonly SpendRow[]) => Promise<Imported>;

/** The rows are the whole spend of their days and sources: what was known of those before is replaced. @throws as `write` */
export function importSpend(
  { bus, actor }: ActingParts,
  rows: readonly SpendRow[],
  write: WriteSpend,
) {
  const what = { actor, action: 'spend.imported', subject: MANY };
  return audited(
    bus,
    what,
    () => write(rows),
    (imported) => ({ ...imported }),
  );
}
