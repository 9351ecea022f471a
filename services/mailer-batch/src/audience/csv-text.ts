/** From the bytes of a CSV to its text and its delimiter: a spreadsheet says neither. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';

/** Excel writes a plain CSV in the alphabet of its system: the first on Windows, the second on a Mac. */
const OLD_ENCODINGS = ['windows-1251', 'x-mac-cyrillic'] as const;
/** Enough to tell an encoding or a delimiter. */
const SAMPLE_BYTES = 64 * 1024;
const SAMPLE_CHARACTERS = 16 * 1024;
const SAMPLE_ROWS = 20;
/** Of the rows, so many have as many cells as the header when the delimiter is right. */
const FEWEST_FITTING = 0.3;

/** Undefined when it is no text. The decoders drop a BOM by themselves. */
export function decode(csv: Buffer): string | undefined {
  const text = new TextDecoder(encodingOf(csv)).decode(csv);
  return text.includes('\0') ? undefined : text;
}

function encodingOf(csv: Buffer): string {
  if (csv[0] === 0xff && csv[1] === 0xfe) return 'utf-16le';
  if (csv[0] === 0xfe && csv[1] === 0xff) return 'utf-16be';
  const sample = csv.subarray(0, SAMPLE_BYTES);
  const wide = wideEncodingOf(sample);
  if (wide !== undefined) return wide;
  if (isUtf8(csv)) return 'utf-8';
  const [best = 'windows-1251'] = [...OLD_ENCODINGS].sort(
    (a, b) => likeness(sample, b) - likeness(sample, a),
  );
  return best;
}

/** UTF-16 without a BOM: of its letters every second byte is 0 (Latin) or 4 (Cyrillic). */
function wideEncodingOf(sample: Buffer): string | undefined {
  const pairs = Math.floor(sample.length / 2);
  if (pairs < 4) return undefined;
  const high = [0, 0];
  for (let at = 0; at < pairs * 2; at += 1) {
    if (sample[at] === 0 || sample[at] === 4) high[at % 2] = (high[at % 2] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = high;
  if (odd > pairs * 0.7 && even < pairs * 0.3) return 'utf-16le';
  return even > pairs * 0.7 && odd < pairs * 0.3 ? 'utf-16be' : undefined;
}

/** How much of it looks like Russian words: a small letter behind a letter is usual, a capital there is not. */
function likeness(sample: Buffer, encoding: string): number {
  const text = new TextDecoder(encoding).decode(sample);
  const usual = text.match(/(?<=[\p{Script=Cyrillic}])\p{Ll}/gu)?.length ?? 0;
  const odd = text.match(
    /(?<=\p{Ll})\p{Lu}|(?<=\p{L})[^\p{L}\p{N}\p{P}\s@+|]|[^\p{L}\p{N}\p{P}\s@+|](?=\p{L})/gu,
  );
  return usual - 3 * (odd?.length ?? 0);
}

/**
 * Excel may say it on a line of its own (`sep=;`); else the one by which the header is known best, and most rows have as
 * many cells as it has: a header may be a question with commas in it. `known` is how well a header is known.
 */
export function findDelimiter(
  text: string,
  known: (header: readonly string[]) => number,
): { body: string; delimiter: string; linesBefore: number } {
  const said = /^sep=([;,\t|])(?:\r\n|\r|\n)/i.exec(text);
  if (said) return { body: text.slice(said[0].length), delimiter: said[1] ?? ';', linesBefore: 1 };
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const ranked = [',', ';', '\t', '|'].map((delimiter) => {
    const [header = [], ...rows] = firstRows(sample, delimiter);
    const fitting = rows.filter((row) => row.length === header.length).length;
    const share = rows.length === 0 ? 1 : fitting / rows.length;
    const makesColumns = header.length > 1 && share >= FEWEST_FITTING ? 1 : 0;
    return { delimiter, order: [known(header), makesColumns, share, header.length] };
  });
  const [best] = ranked.sort((a, b) => compare(b.order, a.order));
  return { body: text, delimiter: best?.delimiter ?? ',', linesBefore: 0 };
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

/** Without quotes when it cannot be read with them, as when the sample ends within some. */
function firstRows(sample: string, delimiter: string): string[][] {
  const options = { delimiter, relax_column_count: true, skip_empty_lines: true, to: SAMPLE_ROWS };
  try {
    return parse(sample, { ...options, relax_quotes: true });
  } catch {
    return parse(sample, { ...options, quote: null });
  }
}
