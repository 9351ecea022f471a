/**
 * Telegram's HTML (https://core.telegram.org/bots/api#html-style), built from plain text: pieces are cut
 * first and escaped last, so that no cut can break a tag or an entity.
 */
import { escapeHtml } from '@leadwire/shared/runtime/html';

/** One stretch of text; `href` or `isBold` at most. */
export interface Piece {
  text: string;
  isBold?: boolean;
  href?: string;
}

export type Line = readonly Piece[];

/** What Telegram takes after parsing: 4096 characters, here in UTF-16 units, which are never fewer. */
export const LONGEST_MESSAGE = 4_096;
const ELLIPSIS = '…';

/** A text as people typed it, without what no message may carry: control characters, halves of emoji. */
export function clean(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?!\n)\p{Cc}/gu, ' ')
    .toWellFormed()
    .trim();
}

/** The same without line breaks. */
export const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ');

/** At most `max` UTF-16 units; what people see as one character (an emoji, say) is not cut in two. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('ru').segment(text)) {
    if (kept.length + segment.length + ELLIPSIS.length > max) break;
    kept += segment;
  }
  return kept + ELLIPSIS;
}

/** The number of UTF-16 units that Telegram counts, line breaks between the lines included. */
export function lengthOf(lines: readonly Line[]): number {
  const texts = lines.flatMap((line) => line.map(({ text }) => text.length));
  return texts.reduce((sum, each) => sum + each, 0) + Math.max(0, lines.length - 1);
}

export function toHtml(lines: readonly Line[]): string {
  return lines.map((line) => line.map(pieceToHtml).join('')).join('\n');
}

function pieceToHtml({ text, isBold, href }: Piece): string {
  const shown = escapeHtml(text);
  if (href !== undefined) return `<a href="${escapeHtml(href)}">${shown}</a>`;
  return isBold ? `<b>${shown}</b>` : shown;
}
