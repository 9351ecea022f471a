/**
 * Who is the same person. AmoCRM's search is fuzzy, so its answers are only candidates: phones and
 * addresses are normalised and compared here.
 */
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import { readEmails } from '@leadwire/shared/contacts/emails';
import { readPhones } from '@leadwire/shared/contacts/phones';
import type { Contact, FieldValues } from './amocrm-records.ts';
import type { FoundBy } from './known.ts';

/** A number that cannot be read is compared digit by digit; with fewer it could be anybody's. */
const FEWEST_DIGITS = 7;
/** How many digits at the end of a number people write alike, with whatever stands before them. */
const NATIONAL_DIGITS = 10;

export interface Person {
  name: string;
  email: string | null;
  phone: string | null;
}

/** The phones in a text, each in a form in which equal ones are equal: E.164, or digits where it cannot be read. */
export function phonesIn(text: string | null): string[] {
  const numbers = readPhones(text ?? '');
  if (numbers.length > 0) return numbers;
  const digits = (text ?? '').replace(/\D/gu, '');
  return digits.length < FEWEST_DIGITS ? [] : [digits];
}

/** The addresses in a text, each in a form in which equal ones are equal. */
export function emailsIn(text: string | null): string[] {
  const addresses = readEmails(text ?? '');
  const typed = addresses.length > 0 ? addresses : [(text ?? '').trim()];
  return typed.filter((one) => one !== '').map((one) => one.toLowerCase());
}

/**
 * What to ask AmoCRM's search for, best first: the last digits of the phone, because numbers typed by
 * hand begin with +7, 8 or 7; then the address.
 */
export function searchTexts({ phone, email }: Person): string[] {
  const digits = phonesIn(phone)[0]?.replace(/\D/gu, '').slice(-NATIONAL_DIGITS);
  return [digits, emailsIn(email)[0]].filter((text) => text !== undefined);
}

/**
 * Names of a person in locks and in our map, sorted so that everybody takes locks in one order:
 * keyed hashes, because keys are no place for contact data. Somebody without contacts has only `id`.
 * @param secret CONTACT_HASH_SECRET
 */
export function personKeys(secret: string, person: Person, id: string): string[] {
  const contacts = [phonesIn(person.phone)[0], emailsIn(person.email)[0]];
  const hashes = contacts.flatMap((each) =>
    each === undefined ? [] : [contactHash(secret, each)],
  );
  return hashes.length > 0 ? [...new Set(hashes)].sort() : [`id-${id}`];
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
  const [phone] = phonesIn(person.phone);
  const [email] = emailsIn(person.email);
  return {
    phone: phone !== undefined && valuesOf(contact, 'PHONE').flatMap(phonesIn).includes(phone),
    email: email !== undefined && valuesOf(contact, 'EMAIL').flatMap(emailsIn).includes(email),
  };
}

/** The same in one word. */
export function foundBy(contact: Contact, person: Person): FoundBy {
  const { phone, email } = matchOf(contact, person);
  if (phone) return email ? 'both' : 'phone';
  return email ? 'email' : 'memory';
}

/**
 * The contact that is this person. A phone says more than an address (couples share mailboxes, sales
 * people call); among equals the oldest contact wins, so that everybody chooses the same.
 */
export function pickContact(candidates: readonly Contact[], person: Person): Contact | undefined {
  const closeness = (contact: Contact) => {
    const { phone, email } = matchOf(contact, person);
    return (phone ? 2 : 0) + (email ? 1 : 0);
  };
  const [best] = candidates
    .filter((contact) => contact.is_deleted !== true && closeness(contact) > 0)
    .sort((a, b) => closeness(b) - closeness(a) || a.id - b.id);
  return best;
}

/** Phone and address of somebody new, as fields of their contact. */
export function contactFields({ phone, email }: Person): FieldValues[] {
  return [
    ...(phonesIn(phone).length === 0 ? [] : [fieldOf('PHONE', phone)]),
    ...(emailsIn(email).length === 0 ? [] : [fieldOf('EMAIL', emailsIn(email)[0])]),
  ];
}

/**
 * What may be filled in of a contact that is there already: the empty field of the one channel that did not match,
 * when the other one did. A form proves nothing about who sent it, so what a person has entered is never added to.
 */
export function fillableFields(contact: Contact, person: Person): FieldValues[] {
  const { phone, email } = matchOf(contact, person);
  if (phone === email) return [];
  const missing = phone ? 'EMAIL' : 'PHONE';
  return contactFields(person).filter(
    ({ field_code }) => field_code === missing && !isFilled(contact, missing),
  );
}

/** Whether the contact has a phone or an address, and not the person's. */
export function hasOther(contact: Contact, person: Person): boolean {
  const { phone, email } = matchOf(contact, person);
  const [isOtherPhone, isOtherEmail] = [
    !phone && phonesIn(person.phone).length > 0 && isFilled(contact, 'PHONE'),
    !email && emailsIn(person.email).length > 0 && isFilled(contact, 'EMAIL'),
  ];
  return isOtherPhone || isOtherEmail;
}

/** Whether the contact has anything there, readable or not. */
function isFilled(contact: Contact, code: Code): boolean {
  return valuesOf(contact, code).some((value) => value.trim() !== '');
}

function fieldOf(field_code: Code, value: unknown): FieldValues {
  return { field_code, values: [{ value, enum_code: 'WORK' }] };
}
