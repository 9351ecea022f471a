/** Contact data made unreadable for a screen that somebody may share: enough is left to recognise a person. */

/** `a•••@mail.kz` */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? HIDDEN : `${[...email][0]}${HIDDEN}${email.slice(at)}`;
}

/** `+7705•••34` */
export function maskPhone(phone: string): string {
  return phone.length < 8 ? HIDDEN : `${phone.slice(0, 5)}${HIDDEN}${phone.slice(-2)}`;
}

/** Of an address or a phone, whichever it is; nothing stays nothing. */
export function maskContact(contact: string): string {
  if (contact === '') return '';
  return contact.includes('@') ? maskEmail(contact) : maskPhone(contact);
}

/** `А•••` */
export function maskName(name: string): string {
  return name === '' ? '' : `${[...name][0]}${HIDDEN}`;
}

const HIDDEN = '•••';
const EMAIL = /[^\s"'<>()@,;:]+@[^\s"'<>()@,;:]+\.[^\s"'<>()@,;:]+/g;
/** Ten digits or more, however they are grouped, but not a part of an id. */
const PHONE = /(?<![\w-])\+?\d(?:[\s()-]*\d){9,14}(?![\w-])/g;

/** Addresses and numbers inside other text: an error of a provider, say. */
export function maskText(text: string): string {
  return text.replace(EMAIL, maskEmail).replace(PHONE, maskPhone);
}

const BY_KEY: Readonly<Record<string, (text: string) => string>> = {
  email: maskEmail,
  emailSuggestion: maskEmail,
  to: maskEmail,
  phone: maskPhone,
  recipient: maskPhone,
  name: maskName,
};
/** What people typed in fields of their own may be anything. */
const FREE_FORM = ['answers', 'metadata', 'text', 'html'];

/** A copy of a JSON value with contact data masked, by the names of its fields and by its look. */
export function maskJson(value: unknown, key = '', isFree = false): unknown {
  if (typeof value === 'string') {
    return isFree ? HIDDEN : (BY_KEY[key] ?? maskText)(value);
  }
  if (Array.isArray(value)) return value.map((each) => maskJson(each, key, isFree));
  if (typeof value !== 'object' || value === null) return isFree && value !== null ? HIDDEN : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      maskJson(inner, name, isFree || FREE_FORM.includes(name)),
    ]),
  );
}
