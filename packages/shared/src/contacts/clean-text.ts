/**
 * Makes what a stranger typed safe for everything behind us, without refusing it: mail headers
 * (CR/LF), HTML in two directions (bidi controls), Postgres (NUL and lone surrogates do not fit
 * into jsonb) and eyes (invisible characters).
 */

/** Explicit directional controls (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters). */
const BIDI = '\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069';
const BREAKS = new RegExp(`[\\p{Cc}\\p{Zl}\\p{Zp}${BIDI}\uFFFD]`, 'gu');
const BREAKS_BUT_LINES = new RegExp(`(?![\\n\\t])[\\p{Cc}\\p{Zl}\\p{Zp}${BIDI}\uFFFD]`, 'gu');
/** The joiners stay: scripts and emoji are written with them. */
const INVISIBLE = /(?![\u200C\u200D])\p{Cf}/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Most of what people type: printable ASCII and Cyrillic with single blanks is clean already. */
const CLEAN_LINE =
  /^[\x21-\x7E\u0400-\u0481\u048A-\u04FF]+(?: [\x21-\x7E\u0400-\u0481\u048A-\u04FF]+)*$/;
const CLEAN_TEXT = /^[\x20-\x7E\u0400-\u0481\u048A-\u04FF]*$/;
/** Names with a meaning to the language itself; nobody's answer is called so. */
const POISONOUS_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const LONGEST_KEY = 200;

/**
 * One line of at most `max` characters (code points): NFC, no control, bidi or invisible
 * characters, single spaces, trimmed. Empty when there is nothing to see.
 */
export function cleanLine(text: string, max: number): string {
  if (text.length <= max && CLEAN_LINE.test(text)) return text;
  const line = wellFormed(text).replace(BREAKS, ' ').replace(INVISIBLE, '');
  const cut = cutTo(line.replace(/\s+/gu, ' ').trim(), max);
  return VISIBLE.test(cut) ? cut : '';
}

/** Text of any length that may have several lines; otherwise as clean as `cleanLine`. */
export function cleanText(text: string): string {
  if (CLEAN_TEXT.test(text)) return text.trim();
  const lines = wellFormed(text).replace(/\r\n?/g, '\n');
  return lines.replace(BREAKS_BUT_LINES, ' ').replace(INVISIBLE, '').trim();
}

/**
 * A JSON value with every text and key in it clean and prototype keys dropped. Recursive: the depth
 * was limited when the body was read by who reads the body. Numbers that JSON cannot say become null.
 */
export function cleanJson(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(cleanJson);
  if (isRecord(value)) return cleanRecord(value);
  return typeof value === 'boolean' ? value : null;
}

/** `cleanJson` for an object. */
export function cleanRecord(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [cleanLine(key, LONGEST_KEY), cleanJson(inner)] as const)
      .filter(([key]) => !POISONOUS_KEYS.has(key)),
  );
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** At most `max` code points, so that no character is cut in half. */
export function cutTo(text: string, max: number): string {
  return text.length <= max ? text : [...text].slice(0, max).join('').trimEnd();
}

function wellFormed(text: string): string {
  return text.toWellFormed().normalize('NFC');
}
