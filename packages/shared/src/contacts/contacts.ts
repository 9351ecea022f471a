/** What can be known of a phone and an email by looking at them. Nothing here refuses a person. */
import { domainToASCII } from 'node:url';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';
import type { Channel, ContactIssue } from '../contract/events.ts';
import { cleanLine, cutTo } from './clean-text.ts';
import { suggestDomain } from './typos.ts';

const HOME_COUNTRY = 'KZ';
const LONGEST_PHONE = 40;
/** A number may stand at the end of a sentence; the library reads no more than this. */
const LONGEST_PHONE_TEXT = 250;
/** Fewer digits than any subscriber's number has: an untouched input mask (`+7 (___) …`), a "нет". */
const FEWEST_DIGITS = 5;
/** RFC 5321 4.5.3.1: 64 before the @, 254 in all (a path of 256 less its angle brackets). */
const LONGEST_LOCAL_PART = 64;
const LONGEST_EMAIL = 254;

export interface Phone {
  /** E.164, or as typed (cleaned, at most 40 characters) when it has an issue. */
  phone: string | null;
  issue?: Extract<ContactIssue, 'phone_missing' | 'phone_invalid'>;
  /** Somebody could reach the person with what was typed. */
  isUsable: boolean;
}

/**
 * Normalises a phone to E.164. Kazakhstan is assumed where no country is given. `isValid` of the
 * complete metadata decides and not `isPossible`: the latter knows lengths only and would take a
 * mistyped code for a number to pay an SMS for. Landlines pass: managers call them.
 */
export function readPhone(typed: string): Phone {
  const text = cleanLine(typed, LONGEST_PHONE_TEXT);
  if (text === '') return { phone: null, issue: 'phone_missing', isUsable: false };
  for (const candidate of phoneCandidates(text)) {
    const number = parsePhoneNumberFromString(candidate, HOME_COUNTRY);
    if (number?.isValid()) return { phone: number.number, isUsable: true };
  }
  const isUsable = digitsOf(text).length >= FEWEST_DIGITS;
  return { phone: cutTo(text, LONGEST_PHONE), issue: 'phone_invalid', isUsable };
}

/** As typed first, then the ways in which people write a number that the library does not read. */
function phoneCandidates(text: string): string[] {
  const candidates = [text, ...text.split(/[,;/\\]|\sили\s/u)];
  const digits = digitsOf(text);
  // +8 705 …: the trunk prefix behind a plus.
  if (/^8\d{10}$/.test(digits)) candidates.push(`+7${digits.slice(1)}`);
  // 00 998 …: the international prefix of most countries, but not of Kazakhstan.
  if (digits.startsWith('00')) candidates.push(`+${digits.slice(2)}`);
  // 998 90 …: international without its plus. Long ones only: a short one is a home number with a
  // digit missing, which must not become somebody else's number abroad.
  else if (/^[1-69]\d{10,14}$/.test(digits)) candidates.push(`+${digits}`);
  return candidates;
}

function digitsOf(text: string): string {
  return text.replace(/\D/gu, '');
}

export interface Email {
  /** The address as typed with a lower-case domain, or null when mail cannot go there. */
  email: string | null;
  issue?: Extract<ContactIssue, 'email_missing' | 'email_invalid' | 'email_typo_suspected'>;
  /** The address that was probably meant. */
  suggestion?: string;
  /** What was typed, when it is no address. */
  asTyped?: string;
}

/** zod's own idea of an address, and also top-level domains in punycode (`.рф` is `.xn--p1ai`). */
const emailPattern =
  /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+([A-Za-z]{2,}|xn--[A-Za-z0-9-]{2,})$/;
const emailSchema = z.email({ pattern: emailPattern });

/**
 * Checks an address by its form and looks for a typo in its domain. A suspected typo changes
 * nothing but the flag: the mail goes where the person said.
 */
export function readEmail(typed: string): Email {
  const text = cleanLine(typed, LONGEST_EMAIL + 50);
  if (text === '') return { email: null, issue: 'email_missing' };
  const email = withPlainDomain(text.replace(/^mailto:/i, '').replace(/[.,;]+$/, ''));
  const at = email.lastIndexOf('@');
  const fits = email.length <= LONGEST_EMAIL && at <= LONGEST_LOCAL_PART;
  if (!fits || !emailSchema.safeParse(email).success) {
    return { email: null, issue: 'email_invalid', asTyped: text };
  }
  const domain = suggestDomain(email.slice(at + 1));
  if (domain === undefined) return { email };
  return { email, issue: 'email_typo_suspected', suggestion: email.slice(0, at + 1) + domain };
}

/** The domain in lower-case ASCII. Who is before the @ is the other server's matter and stays. */
function withPlainDomain(email: string): string {
  const at = email.lastIndexOf('@') + 1;
  const domain = email.slice(at).toLowerCase();
  const isAscii = /^[\x21-\x7E]*$/.test(domain);
  return email.slice(0, at) + (isAscii ? domain : domainToASCII(domain));
}

/**
 * A contact in the one form under which campaigns keep and compare it: a mail address in lower case as a whole
 * (nobody's mailbox tells `Anna@` from `anna@`), a phone in E.164.
 */
export function contactFor(
  channel: Channel,
  typed: string,
): { contact: string } | { reason: 'contact_missing' | 'contact_invalid' } {
  if (channel === 'email') {
    const { email, issue } = readEmail(typed);
    if (email !== null) return { contact: email.toLowerCase() };
    return { reason: issue === 'email_missing' ? 'contact_missing' : 'contact_invalid' };
  }
  const { phone, issue } = readPhone(typed);
  if (phone !== null && issue === undefined) return { contact: phone };
  return { reason: issue === 'phone_missing' ? 'contact_missing' : 'contact_invalid' };
}
