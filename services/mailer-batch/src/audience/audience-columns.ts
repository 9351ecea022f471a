/** Which column of a list is what: people name them in Russian, Kazakh and English, as questions, and in any order. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';

/** Longer headers are text that slipped into the first line. */
const LONGEST_HEADER = 100;

type Kind = 'name' | 'email' | 'phone';
const kinds: readonly Kind[] = ['name', 'email', 'phone'];

/** As `keyOf` leaves them: lower case, ё as е, letters and digits only. */
const KNOWN: Readonly<Record<Kind, readonly string[]>> = {
  name: [
    ...['name', 'fullname', 'firstname', 'contactname', 'clientname'],
    ...['имя', 'фио', 'имяифамилия', 'фамилияиимя', 'фамилияимя', 'имяфамилия', 'полноеимя'],
    ...['клиент', 'контакт', 'аты', 'атыжөні', 'есімі'],
  ],
  email: [
    ...['email', 'mail', 'emailaddress', 'mailaddress', 'emails', 'емейл', 'имейл', 'емайл'],
    ...['почта', 'элпочта', 'электроннаяпочта', 'адресэлектроннойпочты', 'эладрес', 'мейл'],
    ...['рабочийemail', 'электрондықпошта', 'пошта'],
  ],
  phone: [
    ...['phone', 'phonenumber', 'tel', 'telephone', 'mobile', 'mobilephone', 'cell', 'whatsapp'],
    ...['телефон', 'номертелефона', 'тел', 'мобильный', 'мобильныйтелефон', 'моб', 'сотовый'],
    ...['сотовыйтелефон', 'номер', 'рабочийтелефон', 'контактныйтелефон'],
    ...['телефоннөмірі', 'ұялытелефон'],
  ],
};

/** A word in a header that is longer, such as a question of a form, and words that make it another thing. */
const LIKELY: Readonly<Record<Kind, { has: RegExp; hasNot: RegExp }>> = {
  name: {
    has: /(?<!\p{L})(?:зовут|имя|фио|name|fullname|есім(?:ің?із|і)?|аты(?:ңыз)?)(?!\p{L})/u,
    hasNot:
      /ребен|компани|организац|менеджер|курс|школ|отчеств|compan|organi|user|file|form|campaign|(?<!\p{L})ad(?!\p{L})|adset|nick|product|event|prefix|suffix|middle|family|last|phonetic/u,
  },
  email: {
    has: /e-?mail|имейл|емейл|емайл|мейл|почт(?!ов)|пошта/u,
    hasNot: /type|label|тип|соглас|рассыл|consent|status|verified/u,
  },
  phone: {
    has: /телефон|phone(?!tic)|mobile|мобильн|сотов|what'?s ?app|в[ао]т?цап|ватсап|вотсап|(?<!\p{L})тел(?!\p{L})/u,
    hasNot: /type|label|тип|модел|марк|соглас|consent|status|verified/u,
  },
};

/** Columns that somebody named themselves, by their headers. */
export type NamedColumns = Readonly<Partial<Record<Kind, string | undefined>>>;

/** Where the known columns are, best first, and what the others are called; positions count from 0. */
export interface Columns extends Readonly<Record<Kind, readonly number[]>> {
  /** Every other column by its header as written, cleaned. */
  others: readonly (readonly [header: string, position: number])[];
  count: number;
}

/** The columns of a header, or what is wrong with it in words. */
export function readColumns(
  header: readonly string[],
  needed: 'email' | 'phone',
  named: NamedColumns = {},
): { columns: Columns; problem?: undefined } | { problem: string } {
  const headers = header.map((cell) => cleanLine(cell, LONGEST_HEADER));
  const columns = {
    name: positionsOf('name', headers, named),
    email: positionsOf('email', headers, named),
    phone: positionsOf('phone', headers, named),
  };
  for (const kind of kinds) {
    if (named[kind] === undefined || columns[kind].length > 0) continue;
    return {
      problem: `no column «${named[kind]}» for the ${kind}; the header has ${namesOf(headers)}`,
    };
  }
  if (columns[needed].length === 0) {
    return { problem: `no column for the ${needed}; the header has ${namesOf(headers)}` };
  }
  const others = headers.flatMap((text, position) =>
    text === '' || isKnownKey(keyOf(text)) ? [] : [[text, position] as const],
  );
  return { columns: { ...columns, others, count: trimmedLength(headers) } };
}

/** How well a header is known: the columns that are called exactly so, and whether the needed one is there. */
export function howKnown(
  header: readonly string[],
  needed: 'email' | 'phone',
  named: NamedColumns,
): number {
  const keys = header.map(keyOf);
  const wanted = kinds.flatMap((kind) => named[kind] ?? []).map(keyOf);
  const exact = keys.filter((key) => wanted.includes(key) || isKnownKey(key)).length;
  return exact * 2 + (readColumns(header, needed, named).problem === undefined ? 1 : 0);
}

/** What is named, else what is called so, then what has a word for it; of names that are only likely, the first. */
function positionsOf(kind: Kind, headers: readonly string[], named: NamedColumns): number[] {
  const where = (is: (text: string) => boolean) =>
    headers.flatMap((text, position) => (is(text) ? [position] : []));
  const wanted = named[kind];
  if (wanted !== undefined) return where((text) => keyOf(text) === keyOf(wanted));
  const known = where((text) => KNOWN[kind].includes(keyOf(text)));
  const likely = where((text) => !isKnownKey(keyOf(text)) && isLikely(kind, text));
  if (kind === 'name') return known.length > 0 ? known : likely.slice(0, 1);
  return [...known, ...likely];
}

function isLikely(kind: Kind, text: string): boolean {
  const words = text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[_\s]+/gu, ' ');
  return LIKELY[kind].has.test(words) && !LIKELY[kind].hasNot.test(words);
}

function isKnownKey(key: string): boolean {
  return kinds.some((kind) => KNOWN[kind].includes(key));
}

function keyOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A header that is no header may be somebody's contacts: they are counted and not repeated. */
function namesOf(headers: readonly string[]): string {
  const shown = headers.filter((header) => header !== '');
  if (shown.length === 0) return 'nothing in it';
  if (shown.some((header) => /[@]|\d{5}/.test(header))) return 'contacts in it: is there a header?';
  return shown.slice(0, 20).join(', ');
}

/** Spreadsheets add empty columns at the end. */
function trimmedLength(headers: readonly string[]): number {
  return headers.findLastIndex((header) => header !== '') + 1;
}
