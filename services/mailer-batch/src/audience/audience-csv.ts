/**
 * Reads a CSV as people's spreadsheets write it: commas, semicolons or tabs, with or without a BOM, UTF-8, UTF-16 or
 * Windows-1251, columns in any order. docs/CAMPAIGN-CSV.md describes the format.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { howKnown, readColumns, type Columns, type NamedColumns } from './audience-columns.ts';
import { decode, findDelimiter } from './csv-text.ts';

/**
 * One line of a list as it came; `fields` are its other columns by their header. Where several columns have a mail
 * address or a phone, `; ` stands between what is in them.
 */
export interface ListedPerson {
  /** Its row as a spreadsheet shows it: the header of a CSV is row 1. */
  row: number;
  name: string;
  email: string;
  phone: string;
  fields: Readonly<Record<string, string>>;
}

/** A row that cannot be read, and why. Says nothing of what stands in it. */
export interface BrokenRow {
  row: number;
  reason: string;
}

/** The most people that one campaign takes. */
export const MOST_ROWS = 100_000;
/** A row is a few contacts: a longer one is a quote that was never closed and swallows the rest of the file. */
const LONGEST_ROW_BYTES = 20_000;
const CHUNK_CHARACTERS = 64 * 1024;
/** Other work of this process waits for no more than a few milliseconds. */
const ROWS_BETWEEN_BREATHS = 100;

const UNCLOSED = 'a quotation mark is opened and never closed';

/**
 * The people of a CSV in its order. `onBroken` is told of every row that cannot be read, and why; after a header that
 * cannot be used, a quote that is never closed or too many rows, nothing more comes. `named` are headers of columns
 * that would not be known for what they are.
 */
export async function* readCsv(
  csv: Buffer,
  needed: 'email' | 'phone',
  onBroken: (row: BrokenRow) => void,
  named: NamedColumns = {},
): AsyncGenerator<ListedPerson> {
  const text = decode(csv);
  if (text === undefined) return onBroken({ row: 1, reason: 'the file is not text' });
  const { body, delimiter, linesBefore } = findDelimiter(text, (header) =>
    howKnown(header, needed, named),
  );
  let row = linesBefore;
  let columns: Columns | undefined;
  let people = 0;
  try {
    for await (const cells of readRecords(body, delimiter)) {
      row += 1;
      if (row % ROWS_BETWEEN_BREATHS === 0) await breathe();
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (columns === undefined) {
        const read = readColumns(cells, needed, named);
        if (read.problem !== undefined) return onBroken({ row, reason: read.problem });
        columns = read.columns;
        continue;
      }
      people += 1;
      if (people > MOST_ROWS) return onBroken({ row, reason: `more than ${MOST_ROWS} people` });
      const problem = problemOf(cells, columns);
      if (problem === undefined) yield toPerson(row, cells, columns);
      else onBroken({ row, reason: problem });
    }
  } catch (thrown) {
    return onBroken({ row: row + 1, reason: wordsFor(thrown) });
  }
  if (columns === undefined) return onBroken({ row: 1, reason: 'there is no header' });
  if (people === 0) onBroken({ row, reason: 'there is nobody under the header' });
}

/**
 * Lenient about quotes inside a cell, as spreadsheets are; rows of any number of columns. Throws what the parser cannot
 * read only after every row before it, so that the row is known.
 */
async function* readRecords(text: string, delimiter: string): AsyncGenerator<string[]> {
  const records: string[][] = [];
  let failure: Error | undefined;
  const parser = parse({
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: LONGEST_ROW_BYTES,
    on_record: (record: string[]) => {
      records.push(record);
      return null;
    },
  });
  parser.on('error', (error: Error) => (failure = error)).resume();
  for (let at = 0; at < text.length && failure === undefined; at += CHUNK_CHARACTERS) {
    const chunk = text.slice(at, at + CHUNK_CHARACTERS);
    await new Promise<void>((resolve) => parser.write(chunk, () => resolve()));
    yield* records.splice(0);
  }
  if (failure === undefined) await new Promise<void>((resolve) => parser.end(() => resolve()));
  yield* records.splice(0);
  if (failure !== undefined) throw failure;
}

function problemOf(cells: readonly string[], { count }: Columns): string | undefined {
  const used = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  if (cells.length < count || used > count) {
    return `${Math.min(cells.length, Math.max(used, 1))} columns where the header has ${count}`;
  }
  if (cells.some(hasRowsInside)) return UNCLOSED;
  return cells.some((cell) => cell.includes('\uFFFD'))
    ? 'characters that cannot be read'
    : undefined;
}

/** Somebody's contact behind a line break inside one cell: the quote before it was not meant to open. */
function hasRowsInside(cell: string): boolean {
  return /[\r\n]/.test(cell) && /@|\d{7}/.test(cell);
}

function toPerson(row: number, cells: readonly string[], columns: Columns): ListedPerson {
  const cell = (position: number) => plainCell(cells[position] ?? '');
  const filled = (positions: readonly number[]) =>
    positions.map(cell).filter((text) => text.trim() !== '');
  return {
    row,
    name: filled(columns.name)[0] ?? '',
    email: filled(columns.email).join('; '),
    phone: filled(columns.phone).join('; '),
    fields: Object.fromEntries(columns.others.map(([header, at]) => [header, cell(at)])),
  };
}

/** `="8705…"` keeps a spreadsheet from making a number of it, an apostrophe from running it as a formula. */
function plainCell(cell: string): string {
  const [, inside] = /^\s*="(.*)"\s*$/s.exec(cell) ?? [];
  return (inside ?? cell).replace(/^\s*'(?=[=+@\d-])/, '');
}

/** By csv-parse's codes (https://csv.js.org/parse/errors/); its messages quote the file. */
function wordsFor(thrown: unknown): string {
  const { code } = thrown as { code?: unknown };
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') return UNCLOSED;
  return 'this row cannot be read';
}
