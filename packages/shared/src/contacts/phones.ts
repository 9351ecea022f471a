/** What can be known of a phone by looking at it. Nothing here refuses a person. */
import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import type { ContactIssue } from '../contract/events.ts';
import { cleanLine, cutTo } from './clean-text.ts';
import { homeMobile } from './home-mobile.ts';

const HOME_COUNTRY = 'KZ';
const LONGEST_PHONE = 40;
/** A number may stand at the end of a sentence; the library reads no more than this. */
const LONGEST_PHONE_TEXT = 250;
/** Fewer digits than any subscriber's number has: an untouched input mask (`+7 (___) …`), a "нет". */
const FEWEST_DIGITS = 5;
/** Digits of a number of Kazakhstan or Russia with its 7 or 8. */
const HOME_DIGITS = 11;

export interface Phone {
  /** E.164, or as typed (cleaned, at most 40 characters) when it has an issue. */
  phone: string | null;
  issue?: Extract<ContactIssue, 'phone_missing' | 'phone_invalid'>;
  /**
   * What happened to a number that looks whole: somebody typed 8 7xx… into a mask that begins with +7, which cut off
   * the last digit; or a spreadsheet rounded it (`7.70512E+10`).
   */
  damage?: 'mask' | 'spreadsheet';
  /** What was typed, when there is more than one number in it. */
  asTyped?: string;
  /** Somebody could reach the person with what was typed. */
  isUsable: boolean;
}

/**
 * Normalises a phone to E.164. Kazakhstan is assumed where no country is given. `isValid` of the
 * complete metadata decides and not `isPossible`: the latter knows lengths only and would take a
 * mistyped code for a number to pay an SMS for. Landlines pass, because managers call them; of several numbers the
 * first mobile one is taken, because it also gets the SMS.
 */
export function readPhone(typed: string): Phone {
  const text = cleanLine(typed, LONGEST_PHONE_TEXT);
  if (text === '') return { phone: null, issue: 'phone_missing', isUsable: false };
  const usual = homeMobile(text);
  if (usual !== undefined) return { phone: usual, isUsable: true };
  const numbers = numbersIn(text);
  const chosen = numbers.find(isMobile) ?? numbers[0];
  if (chosen) {
    return {
      phone: chosen.number,
      isUsable: true,
      ...(numbers.length > 1 && { asTyped: text }),
    };
  }
  const isUsable = digitsOf(text).length >= FEWEST_DIGITS;
  const damage = damageOf(text);
  return {
    phone: cutTo(text, LONGEST_PHONE),
    issue: 'phone_invalid',
    ...(damage && { damage }),
    isUsable,
  };
}

/** Every number in a text, in E.164, in its order: a field of a CRM may hold several. */
export function readPhones(typed: string): string[] {
  return numbersIn(cleanLine(typed, LONGEST_PHONE_TEXT)).map(({ number }) => number);
}

function numbersIn(text: string): PhoneNumber[] {
  const plain = withoutDecimals(text.normalize('NFKC'));
  const mended = withDigitsForLetters(plain);
  // The library takes its time with what is no number, and lists have an address in every row.
  if ((mended.match(/\p{Nd}/gu)?.length ?? 0) < FEWEST_DIGITS) return [];
  // Without the letter inside it, a number would be another one.
  const isSafe = !/\d\p{L}\d/u.test(plain);
  for (const reading of isSafe ? [mended, plain] : [mended]) {
    const parts = reading.split(/[,;/\\|]|\sили\s|(?<=\d[\s)]*)(?=\+)/u).flatMap(runsOfNumbers);
    const found = parts.flatMap((part) => readOne(part) ?? []);
    const whole = found.length > 0 ? found : [readOne(reading)].filter(isNumber);
    if (whole.length > 0) return [...new Map(whole.map((each) => [each.number, each])).values()];
  }
  return [];
}

/** `87050000110 87770000110`: two numbers with nothing but a blank between them. */
function runsOfNumbers(part: string): string[] {
  const digits = digitsOf(part);
  const isRun = digits.length > HOME_DIGITS && digits.length % HOME_DIGITS === 0;
  const pieces = digits.match(/[78]\d{10}/g) ?? [];
  return isRun && pieces.join('') === digits ? pieces : [part];
}

function readOne(text: string): PhoneNumber | undefined {
  if (isCutByMask(text)) return undefined;
  return candidatesOf(text)
    .map((candidate) => parsePhoneNumberFromString(candidate, HOME_COUNTRY))
    .find((number) => number?.isValid());
}

/** As typed first, then the ways in which people write a number that the library does not read. */
function candidatesOf(text: string): string[] {
  const digits = digitsOf(text);
  const candidates = [text];
  // +8 705 …: the trunk prefix behind a plus.
  if (/^8\d{10}$/.test(digits)) candidates.push(`+7${digits.slice(1)}`);
  // +7 8 705 …: both prefixes.
  if (/^78\d{10}$/.test(digits)) candidates.push(`+7${digits.slice(2)}`);
  // 00 998 …: the international prefix of most countries, but not of Kazakhstan.
  if (digits.startsWith('00')) candidates.push(`+${digits.slice(2)}`);
  // 998 90 …, 7 926 …: international without its plus. Long ones only: a short one is a home number with a
  // digit missing, which must not become somebody else's number abroad.
  else if (/^(?:[1-69]\d{10,14}|7\d{10})$/.test(digits)) candidates.push(`+${digits}`);
  return candidates;
}

/**
 * True for `+7 (877) 705-00-01`: a mask took the 8 of `8 777 050 001…` for the first digit behind its +7 and had no
 * room for the last one. As a number it is a landline in the Caucasus, or nothing. Whoever types 8 (877) … themselves
 * means that landline.
 */
function isCutByMask(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^78\d{9}$/.test(digits)) return false;
  // Which digit was last is unknown, and every one makes it a number or none does.
  const meant = parsePhoneNumberFromString(`+7${digits.slice(2)}0`);
  if (!meant?.isValid()) return false;
  return meant.country === HOME_COUNTRY || !parsePhoneNumberFromString(`+${digits}`)?.isValid();
}

function damageOf(text: string): Phone['damage'] {
  if (SCIENTIFIC.test(text)) return 'spreadsheet';
  return text.split(/[,;/\\]/).some(isCutByMask) ? 'mask' : undefined;
}

const SCIENTIFIC = /^\D{0,3}(\d)[.,](\d+)[eе]\+?(\d{1,2})\D?$/iu;

/** `77051234567.0` and `7.7051234567E+10`, as programs write a number; with digits lost it stays as it is. */
function withoutDecimals(text: string): string {
  const [, first = '', rest = '', power = ''] = SCIENTIFIC.exec(text) ?? [];
  if (power !== '' && rest.length >= Number(power)) return first + rest.slice(0, Number(power));
  return power === '' ? text.replace(/(?<=^\D{0,3}\d{9,15})[.,]0+(?=\D?$)/u, '') : '';
}

const DIGITS = new Map(
  ['o0', 'о0', 'ө0', 'l1', 'i1', 'і1', '|1', 'з3', 'ч4', 'б6', 'b6', 'в8'].map(
    ([letter = '', digit = '']) => [letter, digit],
  ),
);

/** `8 7О5 …` with the letter О: a letter that touches a digit and no other letter. */
function withDigitsForLetters(text: string): string {
  return text.replace(
    /(?<=\d)[oоөliі|зчбbв](?!\p{L})|(?<!\p{L})[oоөliі|зчбbв](?=\d)/giu,
    (letter) => DIGITS.get(letter.toLowerCase()) ?? letter,
  );
}

function isMobile(number: PhoneNumber): boolean {
  const type = number.getType();
  return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE';
}

function isNumber(number: PhoneNumber | undefined): number is PhoneNumber {
  return number !== undefined;
}

function digitsOf(text: string): string {
  return text.replace(/\D/gu, '');
}
