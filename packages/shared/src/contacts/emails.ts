/** What can be known of a mail address by looking at it. Nothing here refuses a person. */
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import type { ContactIssue } from '../contract/events.ts';
import { cleanLine } from './clean-text.ts';
import { suggestDomain } from './typos.ts';

/** RFC 5321 4.5.3.1: 64 before the @, 254 in all (a path of 256 less its angle brackets). */
const LONGEST_LOCAL_PART = 64;
const LONGEST_EMAIL = 254;
/** Several addresses in one field. */
const LONGEST_TEXT = 1_000;

export interface Email {
  /** The address as typed with a lower-case domain, or null when mail cannot go there. */
  email: string | null;
  issue?: Extract<ContactIssue, 'email_missing' | 'email_invalid' | 'email_typo_suspected'>;
  /** The address that was probably meant. */
  suggestion?: string;
  /** What was typed, when it is no address, or was mended, or has more in it than this address. */
  asTyped?: string;
  /** Somebody could reach the person with what was typed. */
  isUsable: boolean;
}

/**
 * Checks an address by its form and looks for a typo in its domain. What is plain is mended: blanks and commas around
 * the dots, angle brackets, letters of the other alphabet that look alike. A suspected typo changes
 * nothing but the flag: the mail goes where the person said. Of several addresses the first is taken.
 */
export function readEmail(typed: string): Email {
  const text = cleanLine(typed, LONGEST_TEXT);
  if (text === '') return { email: null, issue: 'email_missing', isUsable: false };
  const [email] = addressesIn(text);
  if (email === undefined) {
    const isUsable = /[\p{L}\p{N}]\s*@+\s*[\p{L}\p{N}]/u.test(text);
    return { email: null, issue: 'email_invalid', asTyped: text, isUsable };
  }
  const asTyped = withPlainDomain(bare(text)) === email ? {} : { asTyped: text };
  const at = email.lastIndexOf('@') + 1;
  const domain = suggestDomain(email.slice(at));
  if (domain === undefined) return { email, ...asTyped, isUsable: true };
  const suggestion = email.slice(0, at) + domain;
  return { email, issue: 'email_typo_suspected', suggestion, ...asTyped, isUsable: true };
}

/** Every address in a text, in its order: a field of a CRM may hold several. */
export function readEmails(typed: string): string[] {
  return addressesIn(cleanLine(typed, LONGEST_TEXT));
}

function addressesIn(text: string): string[] {
  const bracketed = [...text.matchAll(/<([^<>]*@[^<>]*)>/g)].map(([, inside = '']) => inside);
  // What stands between semicolons is somebody's whole address, or none.
  const parts = bracketed.length > 0 ? bracketed : text.split(/[;|]/);
  const found = parts.flatMap((part) => addressesOf(part));
  return [...new Set(found)];
}

function addressesOf(text: string): string[] {
  const words = text.split(/[\s;,|/\\]+/).filter((word) => word !== '');
  const read = words.map((word) => ({ word, address: asAddress(bare(word)) }));
  const addresses = read.flatMap(({ address }) => address ?? []);
  const others = read.filter(({ address }) => address === undefined);
  if (addresses.length > 0 && others.every(({ word }) => isBeside(word))) return addresses;
  const mended = asAddress(mend(text));
  return mended === undefined ? [] : [mended];
}

/**
 * Nothing that could be the other half of the address next to it: in `ai gerim@…` the blank is a slip, and the mail
 * would go to somebody else. Another address, a phone or a word in Russian are no halves.
 */
function isBeside(word: string): boolean {
  return !/^[\w.'+-]+$/.test(word) || /^[+\d()-]{7,}$/.test(word);
}

/** zod's own idea of an address, and also top-level domains in punycode (`.рф` is `.xn--p1ai`). */
const emailPattern =
  /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+([A-Za-z]{2,}|xn--[A-Za-z0-9-]{2,})$/;
const emailSchema = z.email({ pattern: emailPattern });

/** Endings typed in the wrong alphabet; no country has them. */
const ENDINGS = new Map([
  ['ру', 'ru'],
  ['ком', 'com'],
  ['кз', 'kz'],
]);

function asAddress(text: string): string | undefined {
  const email = withPlainDomain(withLatinLetters(text));
  const fits = email.length <= LONGEST_EMAIL && email.lastIndexOf('@') <= LONGEST_LOCAL_PART;
  return fits && emailSchema.safeParse(email).success ? email : undefined;
}

/** Without what people and programs put around an address. */
function bare(word: string): string {
  return word
    .replace(/^[<("'«„“”[=]*(?:mailto:)?/iu, '')
    .replace(/[>)"'»“”\].,;:!?]+$/u, '')
    .trim();
}

/** The slips that leave no doubt of what was meant. */
function mend(text: string): string {
  const joined = bare(text)
    .replace(/\s*(?:[([]\s*(?:at|собака)\s*[)\]]|\sсобака\s)\s*/iu, '@')
    .replace(/\s*@+\s*/u, '@');
  const at = joined.lastIndexOf('@') + 1;
  const domain = joined
    .slice(at)
    .replace(/\s*[.,]+\s*/gu, '.')
    .replace(/^([\w-]+)\s(ru|com|kz|net|org)$/i, '$1.$2');
  return joined.slice(0, at).replace(/\s*\.\s*/gu, '.') + domain;
}

const RUSSIAN = [...'аеосрхуіѕјАВЕКМНОРСТХ'];
const LATIN = [...'aeocpxyisjABEKMHOPCTX'];

/** Letters of the other alphabet that look alike, in a word of which the rest is Latin: `аnna@…` with а of Russian. */
function withLatinLetters(text: string): string {
  return text
    .replace(/(?<=\.)(?:ру|ком|кз)$/iu, (ending) => ENDINGS.get(ending.toLowerCase()) ?? ending)
    .split(/([@.])/)
    .map((part) => (/[A-Za-z]/.test(part) ? toLatin(part) : part))
    .join('');
}

function toLatin(part: string): string {
  const latin = part.replace(
    /\p{Script=Cyrillic}/gu,
    (letter) => LATIN[RUSSIAN.indexOf(letter)] ?? letter,
  );
  return /\p{Script=Cyrillic}/u.test(latin) ? part : latin;
}

/** The domain in lower-case ASCII. Who is before the @ is the other server's matter and stays. */
function withPlainDomain(email: string): string {
  const at = email.lastIndexOf('@') + 1;
  const domain = email.slice(at).toLowerCase();
  const isAscii = /^[\x21-\x7E]*$/.test(domain);
  return email.slice(0, at) + (isAscii ? domain : domainToASCII(domain));
}
