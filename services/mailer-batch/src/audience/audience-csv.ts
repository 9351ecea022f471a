/**
 * Reads a CSV as people's spreadsheets write it: commas, semicolons or tabs, with or without a BOM, UTF-8, UTF-16 or
 * Windows-1251, columns in any order. docs/CAMPAIGN-CSV.md describes the format.
 */
import { isUtf8 } from 'node:buffer';
import { setImmediate as breathe } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { readColumns, type Columns } from './audience-columns.ts';

/** One line of a list as it came; `fields` are its other columns by their header. */
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
 * cannot be used, a quote that is never closed or too many rows, nothing more comes.
 */
export async function* readCsv(
  csv: Buffer,
  needed: 'email' | 'phone',
  onBroken: (row: BrokenRow) => void,
): AsyncGenerator<ListedPerson> {
  const text = decode(csv);
  if (text === undefined) return onBroken({ row: 1, reason: 'the file is not text' });
  const { body, delimiter, linesBefore } = findDelimiter(text);
  let row = linesBefore;
  let columns: Columns | undefined;
  let people = 0;
  try {
    for await (const cells of readRecords(body, delimiter)) {
      row += 1;
      if (row % ROWS_BETWEEN_BREATHS === 0) await breathe();
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (columns === undefined) {
        const read = readColumns(cells, needed);
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
  if (columns === undefined) onBroken({ row: 1, reason: 'there is no header' });
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

/** Undefined when it is no text. Excel saves Russian as Windows-1251 when asked for a plain CSV. */
function decode(csv: Buffer): string | undefined {
  const text = decoderFor(csv).decode(csv);
  return text.includes('\0') ? undefined : text;
}

/** The decoders drop a BOM by themselves. */
function decoderFor(csv: Buffer): InstanceType<typeof TextDecoder> {
  if (csv[0] === 0xff && csv[1] === 0xfe) return new TextDecoder('utf-16le');
  if (csv[0] === 0xfe && csv[1] === 0xff) return new TextDecoder('utf-16be');
  return new TextDecoder(isUtf8(csv) ? 'utf-8' : 'windows-1251');
}

/** Excel may say it on a line of its own (`sep=;`); else what the first line has most of. */
function findDelimiter(text: string): { body: string; delimiter: string; linesBefore: number } {
  const said = /^sep=([;,\t|])\r?\n/i.exec(text);
  if (said) return { body: text.slice(said[0].length), delimiter: said[1] ?? ';', linesBefore: 1 };
  const [firstLine = ''] = text.trimStart().split(/[\r\n]/, 1);
  const count = (candidate: string) => firstLine.split(candidate).length;
  const [delimiter = ','] = [',', ';', '\t', '|'].sort((a, b) => count(b) - count(a));
  return { body: text, delimiter, linesBefore: 0 };
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
  const cell = (position: number | undefined) =>
    position === undefined ? '' : (cells[position] ?? '');
  return {
    row,
    name: cell(columns.name),
    email: cell(columns.email),
    phone: cell(columns.phone),
    fields: Object.fromEntries(columns.others.map(([header, at]) => [header, cell(at)])),
  };
}

/** By csv-parse's codes (https://csv.js.org/parse/errors/); its messages quote the file. */
function wordsFor(thrown: unknown): string {
  const { code } = thrown as { code?: unknown };
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') return UNCLOSED;
  return 'this row cannot be read';
}
