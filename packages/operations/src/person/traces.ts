/** Finds a person by keyed hashes of their contacts, in anything that is stored: JSON, text, bodies of forms. */
import { contactHash } from '@leadwire/shared/contacts/contact-hash';

/** Who is looked for. */
export interface Wanted {
  /** Hashes of contacts, each with the time until which it is theirs: what came later stays. */
  contacts: ReadonlyMap<string, Date>;
  /** Of leads, messages, sales and referrers. */
  ids: ReadonlySet<string>;
  /** The platform's own; short ones are found only where a student is meant. */
  studentIds: ReadonlySet<string>;
}

export type Trace = 'contact' | 'id';

export interface Traces {
  hash(contact: string): string;
  /** How the value is about the person; `at` is when it was stored, undefined when nobody knows. */
  find(value: unknown, wanted: Wanted, at: Date | undefined): Trace | undefined;
  /** A copy in which their contacts cannot be read. */
  scrub(value: unknown, wanted: Wanted): unknown;
}

const EMAIL = /[^\s"'<>()@,;:=&]+@[^\s"'<>()@,;:&]+\.[^\s"'<>()@,;:&]+/g;
/** Ten digits or more, however they are grouped, but not a part of an id. */
const DIGITS = /(?<![\w-])\+?\d(?:[\s()-]*\d){9,39}(?![\w-])/g;
const HOME_DIGITS = 11;
const HIDDEN = '•••';
/** So many hashes are remembered: the same contacts stand in many places. */
const MOST_KNOWN = 200_000;

export function createTraces(secret: string): Traces {
  const known = new Map<string, string>();
  const hash = (contact: string): string => {
    let found = known.get(contact);
    if (found === undefined) {
      found = contactHash(secret, contact);
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(contact, found);
    }
    return found;
  };

  const hasContact = (text: string, { contacts }: Wanted, at: Date | undefined): boolean =>
    contactsIn(text).some(({ forms }) =>
      forms.some((form) => {
        const until = contacts.get(hash(form));
        return until !== undefined && (at === undefined || at <= until);
      }),
    );

  const find: Traces['find'] = (value, wanted, at) => {
    let byId = false;
    for (const { key, text } of textsIn(value)) {
      if (hasContact(text, wanted, at)) return 'contact';
      const isStudent = /student_?id$/i.test(key) && wanted.studentIds.has(text);
      if (isStudent || wanted.ids.has(text)) byId = true;
    }
    return byId ? 'id' : undefined;
  };

  const scrubText = (text: string, wanted: Wanted): string =>
    contactsIn(text)
      .filter(({ forms }) => forms.some((form) => wanted.contacts.has(hash(form))))
      .reduce((rest, { typed }) => rest.replaceAll(typed, HIDDEN), text);

  const scrub: Traces['scrub'] = (value, wanted) => {
    if (typeof value === 'string') return scrubText(value, wanted);
    if (Array.isArray(value)) return value.map((each) => scrub(each, wanted));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [scrubText(key, wanted), scrub(inner, wanted)]),
    );
  };

  return { hash, find, scrub };
}

/** Every text in a JSON value with the key it stands under, and what an encoded one says. */
function* textsIn(value: unknown, key = ''): Generator<{ key: string; text: string }> {
  if (typeof value === 'string') {
    for (const text of readingsOf(value)) yield { key, text };
  } else if (typeof value === 'number') {
    yield { key, text: String(value) };
  } else if (Array.isArray(value)) {
    for (const each of value) yield* textsIn(each, key);
  } else if (typeof value === 'object' && value !== null) {
    const { encoding, body } = value as Record<string, unknown>;
    if (encoding === 'base64' && typeof body === 'string') {
      yield* textsIn(Buffer.from(body, 'base64').toString(), 'body');
    }
    for (const [name, inner] of Object.entries(value)) {
      yield { key: '', text: name };
      yield* textsIn(inner, name);
    }
  }
}

/** As it stands, and as the body or the query of a form would be read. */
function readingsOf(text: string): string[] {
  if (!text.includes('%') && !text.includes('+')) return [text];
  try {
    return [text, decodeURIComponent(text.replaceAll('+', ' '))];
  } catch {
    return [text];
  }
}

interface Contact {
  /** As it stands in the text. */
  typed: string;
  /** The ways in which it may have been hashed. */
  forms: string[];
}

function contactsIn(text: string): Contact[] {
  const emails = text.includes('@') ? [...text.matchAll(EMAIL)].map(([typed]) => typed) : [];
  return [
    ...emails.map((typed) => ({ typed, forms: [typed] })),
    ...[...text.matchAll(DIGITS)].map(([typed]) => ({ typed, forms: phoneForms(typed) })),
  ];
}

/** A number as typed, in E.164, and each number of Kazakhstan in a run of several. */
function phoneForms(typed: string): string[] {
  const digits = typed.replace(/\D/g, '');
  const forms = [typed, digits, `+${digits}`, `+7${digits}`];
  for (let from = 0; from + HOME_DIGITS <= digits.length; from += 1) {
    const piece = digits.slice(from, from + HOME_DIGITS);
    if (/^[78]/.test(piece)) forms.push(`+7${piece.slice(1)}`);
  }
  return forms;
}
