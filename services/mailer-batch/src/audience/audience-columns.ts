/** Which column of a list is what: people name them in Russian, Kazakh and English, and in any order. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';

/** Longer headers are text that slipped into the first line. */
const LONGEST_HEADER = 100;

/** As `headerKey` leaves them: lower case, ё as е, letters and digits only. */
const KNOWN: Readonly<Record<'name' | 'email' | 'phone', readonly string[]>> = {
  name: [
    ...['name', 'fullname', 'firstname', 'contactname', 'clientname'],
    ...[
      'имя',
      'фио',
      'имяифамилия',
      'фамилияиимя',
      'фамилияимя',
      'имяфамилия',
      'клиент',
      'контакт',
    ],
    ...['аты', 'атыжөні', 'есімі'],
  ],
  email: [
    ...['email', 'mail', 'emailaddress', 'mailaddress', 'emails'],
    ...[
      'почта',
      'элпочта',
      'электроннаяпочта',
      'адресэлектроннойпочты',
      'эладрес',
      'емейл',
      'имейл',
    ],
    ...['емайл', 'мейл', 'рабочийemail', 'электрондықпошта', 'пошта'],
  ],
  phone: [
    ...['phone', 'phonenumber', 'tel', 'telephone', 'mobile', 'mobilephone', 'cell', 'whatsapp'],
    ...['телефон', 'номертелефона', 'тел', 'мобильный', 'мобильныйтелефон', 'моб', 'сотовый'],
    ...[
      'сотовыйтелефон',
      'номер',
      'рабочийтелефон',
      'контактныйтелефон',
      'телефоннөмірі',
      'ұялытелефон',
    ],
  ],
};

/** Where the known columns are, and what the others are called; positions count from 0. */
export interface Columns {
  name: number | undefined;
  email: number | undefined;
  phone: number | undefined;
  /** Every other column by its header as written, cleaned. */
  others: readonly (readonly [header: string, position: number])[];
  count: number;
}

/** The columns of a header, or what is wrong with it in words. */
export function readColumns(
  header: readonly string[],
  needed: 'email' | 'phone',
): { columns: Columns; problem?: undefined } | { problem: string } {
  const headers = header.map((cell) => cleanLine(cell, LONGEST_HEADER));
  const found: Record<keyof typeof KNOWN, number[]> = { name: [], email: [], phone: [] };
  const others: [string, number][] = [];
  for (const [position, text] of headers.entries()) {
    const kind = kindOf(text);
    if (kind !== undefined) found[kind].push(position);
    else if (text !== '') others.push([text, position]);
  }
  for (const [kind, positions] of Object.entries(found)) {
    if (positions.length < 2) continue;
    const names = positions.map((position) => `«${headers[position] ?? ''}»`).join(' and ');
    return { problem: `two columns for the ${kind}: ${names}` };
  }
  if (found[needed].length === 0) {
    return { problem: `no column for the ${needed}; the header has ${namesOf(headers)}` };
  }
  const [name, email, phone] = [found.name[0], found.email[0], found.phone[0]];
  return { columns: { name, email, phone, others, count: trimmedLength(headers) } };
}

function kindOf(text: string): keyof typeof KNOWN | undefined {
  const key = text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}]/gu, '');
  const kinds = Object.keys(KNOWN) as (keyof typeof KNOWN)[];
  return kinds.find((kind) => KNOWN[kind].includes(key));
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
