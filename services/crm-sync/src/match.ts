/**
 * Who is the same person. AmoCRM's search is fuzzy, so its answers are only candidates: phones and
 * addresses are normalised and compared here.
 */
import { createHash } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Contact, FieldValues } from './amocrm-records.ts';

const HOME_COUNTRY = 'KZ';
/** A number that cannot be read is compared digit by digit; with fewer it could be anybody's. */
const FEWEST_DIGITS = 7;
/** How many digits at the end of a number people write alike, with whatever stands before them. */
const NATIONAL_DIGITS = 10;

export interface Person {
  name: string;
  email: string | null;
  phone: string | null;
}

/** A phone in a form in which equal numbers are equal (E.164 where possible), or undefined. */
export function normalPhone(text: string | null): string | undefined {
  if (text === null) return undefined;
  const number = parsePhoneNumberFromString(text, HOME_COUNTRY);
  if (number?.isPossible()) return number.number;
  const digits = text.replace(/\D/gu, '');
  return digits.length < FEWEST_DIGITS ? undefined : digits;
}

/** An address in a form in which equal ones are equal, or undefined. */
export function normalEmail(text: string | null): string | undefined {
  const email = text?.trim().toLowerCase() ?? '';
  return email === '' ? undefined : email;
}

/**
 * What to ask AmoCRM's search for, best first: the last digits of the phone, because numbers typed by
 * hand begin with +7, 8 or 7; then the address.
 */
export function searchTexts({ phone, email }: Person): string[] {
  const digits = normalPhone(phone)?.replace(/\D/gu, '').slice(-NATIONAL_DIGITS);
  return [digits, normalEmail(email)].filter((text) => text !== undefined);
}

/**
 * Names of a person in locks and in our map, sorted so that everybody takes locks in one order:
 * hashes, because keys are no place for contact data. Somebody without contacts has only `id`.
 */
export function personKeys(person: Person, id: string): string[] {
  const names = [
    ['phone', normalPhone(person.phone)],
    ['email', normalEmail(person.email)],
  ].flatMap(([kind, value]) => (value === undefined ? [] : [`${kind}:${value}`]));
  return (names.length > 0 ? names : [`id:${id}`]).map(hash).sort();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

type Code = 'PHONE' | 'EMAIL';

/** The values of a contact's phone or email field, as they were typed. */
export function valuesOf(contact: Contact, code: Code): string[] {
  const fields = contact.custom_fields_values ?? [];
  return fields
    .filter(({ field_code }) => field_code === code)
    .flatMap(({ values }) => values.map(({ value }) => String(value)));
}

export interface Match {
  phone: boolean;
  email: boolean;
}

/** Which of the person's contacts this contact has. */
export function matchOf(contact: Contact, person: Person): Match {
  const phone = normalPhone(person.phone);
  const email = normalEmail(person.email);
  return {
    phone: phone !== undefined && valuesOf(contact, 'PHONE').map(normalPhone).includes(phone),
    email: email !== undefined && valuesOf(contact, 'EMAIL').map(normalEmail).includes(email),
  };
}

/**
 * The contact that is this person. A phone says more than an address (couples share mailboxes, sales
 * people call); among equals the oldest contact wins, so that everybody chooses the same.
 */
export function pickContact(candidates: readonly Contact[], person: Person): Contact | undefined {
  const weigh = (contact: Contact) => {
    const { phone, email } = matchOf(contact, person);
    return (phone ? 2 : 0) + (email ? 1 : 0);
  };
  const [best] = candidates
    .filter((contact) => contact.is_deleted !== true && weigh(contact) > 0)
    .sort((a, b) => weigh(b) - weigh(a) || a.id - b.id);
  return best;
}

/**
 * The fields that a contact lacks of the person's phone and email, with the values it has: AmoCRM
 * replaces all values of a field that is written.
 */
export function missingFields(contact: Contact, person: Person): FieldValues[] {
  const has = matchOf(contact, person);
  const missing: FieldValues[] = [];
  for (const [code, isThere, value] of [
    ['PHONE', has.phone || normalPhone(person.phone) === undefined, person.phone],
    ['EMAIL', has.email, normalEmail(person.email) ?? null],
  ] as const) {
    if (isThere || value === null) continue;
    const kept = (contact.custom_fields_values ?? []).find(({ field_code }) => field_code === code);
    const values = (kept?.values ?? []).map((each) => ({
      value: each.value,
      ...(each.enum_code && { enum_code: each.enum_code }),
    }));
    missing.push({ field_code: code, values: [...values, { value, enum_code: 'WORK' }] });
  }
  return missing;
}
