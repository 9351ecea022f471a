const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const NUMERIC = /&#(?:x([0-9a-f]*)|([0-9]*))/iy;
const WORD = /&([a-z]*)/iy;
const HIGHEST = 0x10ffff;
/** A longer reference is none (tdlib). */
const LONGEST = 10;

/**
 * What the reference at `at` stands for and where it ends, or null when there is none: Telegram knows four names and
 * all numbers, the semicolon may be missing, and everything else is plain text.
 */
export function decodeReference(source: string, at: number): { text: string; end: number } | null {
  if (source[at] !== '&') return null;
  const numeric = exec(NUMERIC, source, at);
  if (numeric !== null) {
    const [whole, hex, decimal] = numeric;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!(code > 0 && code < HIGHEST) || whole.length >= LONGEST) return null;
    return { text: String.fromCodePoint(code), end: endOf(source, at + whole.length) };
  }
  const [whole = '', name = ''] = exec(WORD, source, at) ?? [];
  const text = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  return text === undefined ? null : { text, end: endOf(source, at + whole.length) };
}

function exec(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function endOf(source: string, end: number): number {
  return source[end] === ';' ? end + 1 : end;
}
