/**
 * What a stranger typed into a form is about to travel in a mail that carries our name. This file makes it a
 * harmless single line; escaping for HTML is the renderer's job.
 */

const LINE_BREAKS_AND_CONTROLS = /[\p{Cc}\s]+/gu;
// Bidi controls can turn the text after them around; zero-width characters hide words from the eye; a lone
// surrogate cannot be encoded as UTF-8. ZWJ and ZWNJ stay: emoji and some scripts need them.
const INVISIBLE = /[\p{Bidi_Control}\p{Cs}\u00AD\u200B\uFEFF]/gu;
// Stacked accents beyond three are never a language, only a way to smear over the neighbouring lines.
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;
const LINK = /(?:[a-z][a-z0-9+.-]{0,20}:\/\/|www\.)\S*/giu;
const BARE_DOMAIN = /(?<=[\p{L}\p{N}])\.(?=[a-z]{2}|(?:рф|қаз|бел|сайт|онлайн)(?!\p{L}))/giu;
const WORD_JOINER = '\u2060';

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

/**
 * Takes the click out of whatever looks like an address on the web, because a form that mails what it is told
 * is otherwise a way to send a stranger's link under our name. A bare domain stays readable.
 */
export function withoutLinks(text: string): string {
  return text.replace(LINK, '[ссылка]').replace(BARE_DOMAIN, `.${WORD_JOINER}`);
}

/** A lead's free text, safe to show: one line, cut to `maxLength` UTF-16 units, then without links. */
export function toShownText(text: string, maxLength: number): string {
  return withoutLinks(clip(toOneLine(text), maxLength));
}

/**
 * The name to greet by, or null where there is none that a mail should repeat: nothing left, no letter in it,
 * or a web address in the place of a name.
 */
export function toGreetingName(name: string): string | null {
  const line = toOneLine(name);
  const isName = /\p{L}/u.test(line) && withoutLinks(line) === line;
  return isName ? clip(line, 60) : null;
}
