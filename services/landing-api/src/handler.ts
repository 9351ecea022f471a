/** Submission -> Lead. Knows nothing of HTTP or the broker. */
import { cleanJson, cleanLine, cleanRecord, isRecord } from '@leadwire/shared/contacts/clean-text';
import { readEmail, readPhone, type Email, type Phone } from '@leadwire/shared/contacts/contacts';
import type { Lead, LeadKind } from '@leadwire/shared/contract/events';
import type { Issue } from '@leadwire/shared/service/http-problems';
import { attributionIn, takeAttribution } from './forms/attribution.ts';
import { HONEYPOT_FIELD, type Submission } from './forms/submission.ts';

const LONGEST_NAME = 200;
const LONGEST_PAYMENT_METHOD = 100;
const LONGEST_SLUG = 64;
const KNOWN_PAYMENT_METHODS = ['kaspi', 'halyk', 'robokassa'];

/** Which form it came from. */
export interface Form {
  kind: LeadKind;
  source: string;
  campaign: string | null;
}

export type Reading =
  /** `isSpam`: the honeypot was filled in. The lead is kept apart and nobody is contacted. */
  { lead: Lead; isSpam: boolean; issues?: undefined } | { issues: Issue[] };

/**
 * Makes a lead of what a form sent. Refuses only who cannot be reached: no name, or neither a valid
 * address nor anything that could be a phone.
 */
export function readLead(
  submission: Submission,
  form: Form,
  stamp: { leadId: string; receivedAt: Date },
): Reading {
  const { name, email, phone, answers, paymentMethod, metadata, ...more } = submission;
  const { submissionId: _, ...rest } = more;
  const person = cleanLine(String(name), LONGEST_NAME);
  const address = readEmail(String(email ?? ''));
  const number = readPhone(String(phone ?? ''));

  const issues = refusals(person, address.email !== null || number.isUsable);
  if (issues.length > 0) return { issues };

  const { utm, rest: unknown } = takeAttribution(rest);
  const isSpam = isFilled(unknown[HONEYPOT_FIELD]);
  if (!isSpam) delete unknown[HONEYPOT_FIELD];

  const lead: Lead = {
    leadId: stamp.leadId,
    ...form,
    name: person,
    ...contactsOf(address, number),
    paymentMethod: readPaymentMethod(paymentMethod),
    answers: asRecord(answers),
    utm: { ...attributionIn(metadata), ...utm },
    metadata: {
      ...cleanRecord(unknown),
      ...asRecord(metadata),
      ...(address.asTyped !== undefined && { emailAsTyped: address.asTyped }),
    },
    receivedAt: stamp.receivedAt.toISOString(),
  };
  return { lead, isSpam };
}

/**
 * The form behind `/api/landing/proftest/<slug>`. A slug with odd characters is no reason to lose a
 * lead: they become `_`, and over 64 characters are cut.
 */
export function proftestForm(slug: string | undefined): Form {
  const campaign = cleanLine(slug ?? '', LONGEST_SLUG).replace(/[^\p{L}\p{M}\p{N}_.-]/gu, '_');
  if (campaign === '') return { kind: 'proftest', source: 'proftest', campaign: null };
  return { kind: 'proftest', source: `proftest_${campaign}`, campaign };
}

export const purchaseForm: Form = { kind: 'purchase', source: 'course_purchase', campaign: null };

function refusals(name: string, isReachable: boolean): Issue[] {
  const issues: Issue[] = [];
  if (name === '') issues.push({ path: 'name', message: 'a name is required' });
  if (!isReachable) {
    issues.push(
      { path: 'email', message: 'a valid email or a phone is required' },
      { path: 'phone', message: 'a phone or a valid email is required' },
    );
  }
  return issues;
}

function contactsOf(
  { email, issue: emailIssue, suggestion }: Email,
  { phone, issue: phoneIssue }: Phone,
): Pick<Lead, 'email' | 'phone' | 'contactIssues' | 'emailSuggestion'> {
  return {
    email,
    phone,
    contactIssues: [phoneIssue, emailIssue].filter((issue) => issue !== undefined),
    ...(suggestion !== undefined && { emailSuggestion: suggestion }),
  };
}

function readPaymentMethod(given: string | number | null | undefined): string | null {
  const method = cleanLine(String(given ?? ''), LONGEST_PAYMENT_METHOD);
  const known = KNOWN_PAYMENT_METHODS.find((one) => one === method.toLowerCase());
  return known ?? (method === '' ? null : method);
}

/** An object as it is; any other value under the key `value`; nothing as an empty object. */
function asRecord(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return cleanRecord(value);
  return isFilled(value) ? { value: cleanJson(value) } : {};
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'string') return cleanLine(value, 1) !== '';
  return value !== undefined && value !== null && value !== false;
}
