/**
 * What a stranger typed into a form is about to travel in a mail that carries our name. This file makes it a
 * harmless single line; escaping for HTML is the renderer's job.
 */
import { withoutLinks } from '@leadwire/shared/contacts/without-links';

const LINE_BREAKS_AND_CONTROLS = /[\p{Cc}\s]+/gu;
// Bidi controls can turn the text after them around; zero-width characters hide words from the eye; a lone
// surrogate cannot be encoded as UTF-8. ZWJ and ZWNJ stay: emoji and some scripts need them.
const INVISIBLE = /[\p{Bidi_Control}\p{Cs}\u00AD\u200B\uFEFF]/gu;
// Stacked accents beyond three are never a language, only a way to smear over the neighbouring lines.
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;
// Letters of any script with their marks; the Chinese dot among them looks like the one of an address. The apostrophes
// are those of keyboards, of typesetters and of Latin Kazakh.
const NAME = /^(?!.*\uA78F)\p{L}[\p{L}\p{M}]*(?:[ '’ʼ`-]+[\p{L}\p{M}]+)*['’ʼ]?$/u;
const LONGEST_NAME = 40;

const graphemes = new Intl.Segmenter('ru', { granularity: 'grapheme' });

/**
 * The text as one line without control, bidi-control and zero-width characters, in NFC. Never throws.
 * Doing it twice changes nothing.
 */
export function toOneLine(text: string): string {
  return text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(LINE_BREAKS_AND_CONTROLS, ' ')
    .replace(STACKED_MARKS, '$1')
    .trim();
}

/**
 * At most `maxLength` UTF-16 units of the text, the last one an ellipsis where something was cut. Never cuts
 * through a character as the reader sees it.
 */
export function clip(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text.slice(0, maxLength))) {
    if (kept.length + segment.length > maxLength - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** A lead's free text, safe to show: one line, cut to `maxLength` UTF-16 units, then without links. */
export function toShownText(text: string, maxLength: number): string {
  return clip(withoutLinks(toOneLine(text)), maxLength);
}

/**
 * The name to greet by: letters, spaces, hyphen and apostrophe, at most 40 characters. Null for anything else, because
 * whoever types somebody's address into a form must not speak to them under our name.
 */
export function toGreetingName(name: string): string | null {
  const line = toOneLine(name);
  return [...line].length <= LONGEST_NAME && NAME.test(line) ? line : null;
}
