/** The name in a cell, if a person can be greeted with it. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';

const LONGEST_NAME = 200;
/** What programs write for nothing, and spreadsheets for a formula that failed. */
const NOTHING = /^(?:nan|null|none|n\/a|undefined|н\/д|без имени|#.*|[^\p{L}]*)$/iu;
/** UTF-8 that was read as Windows-1251 (`РђРЅРЅР°` for Анна) or as Latin-1 (`ÐÐ½Ð½Ð°`). */
const READ_WRONG =
  /(?:[РС][ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈ¤Ґ¦§Ё©Є«¬®Ї°±Ііґµ¶·ё№є»јЅѕї\u00A0\u00AD]|[ÐÑ][^\p{ASCII}]){2,}/u;

export interface PersonName {
  /** Null when there is none to greet with. */
  name: string | null;
  /** Letters of it were lost when the list was saved: `Айг?рим` in an encoding without Kazakh letters. */
  isGarbled: boolean;
}

/** At most 200 characters; contacts and words for nothing are no name. */
export function readName(typed: string): PersonName {
  const text = cleanLine(typed, LONGEST_NAME);
  if (NOTHING.test(text) || /@|\d{5}/.test(text)) return { name: null, isGarbled: false };
  const isGarbled = /\p{L}\?+\p{L}|^\?+\p{L}|\p{L}\?+$|\uFFFD/u.test(text) || READ_WRONG.test(text);
  return isGarbled ? { name: null, isGarbled } : { name: text, isGarbled };
}
