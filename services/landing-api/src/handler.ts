/** Submission -> Lead. Knows nothing of HTTP or the broker. */
import { cleanJson, cleanLine, cleanRecord, isRecord } from '@leadwire/shared/contacts/clean-text';
import { readContacts } from '@leadwire/shared/contacts/contacts';
import type { Email } from '@leadwire/shared/contacts/emails';
import type { Phone } from '@leadwire/shared/contacts/phones';
import type { ContactIssue, Lead, LeadKind } from '@leadwire/shared/contract/events';
import type { Issue } from '@leadwire/shared/service/http-problems';
import { readAttribution, type RequestTraces } from './forms/attribution.ts';
import { readConsent } from './forms/consent.ts';
import { HONEYPOT_FIELDS, type Submission } from './forms/submission.ts';

const LONGEST_NAME = 200;
/** How people call somebody who left no name; flagged, and no message greets with it. */
const NAMELESS = 'Без имени';
const LONGEST_PAYMENT_METHOD = 100;
const LONGEST_SLUG = 64;
const KNOWN_PAYMENT_METHODS = ['kaspi', 'halyk', 'robokassa'];

/** Which form it came from. */
export interface Form {
  kind: LeadKind;
  source: string;
  campaign: string | null;
  /** The slug of its row in `intake_forms`. */
  form?: string;
  /** It came to an address that no form has. */
  isUnknown?: boolean;
}

export type Reading =
  /** `isSpam`: the honeypot was filled in. The lead is held. */
  { lead: Lead; isSpam: boolean; issues?: undefined } | { issues: Issue[] };

/** Makes a lead of what a form sent. Refuses only who cannot be reached: nothing like an address nor a phone. */
export function readLead(
  submission: Submission,
  form: Form,
  stamp: { leadId: string; receivedAt: Date; traces?: RequestTraces },
): Reading {
  const { name, email, phone, answers, paymentMethod, metadata, ...more } = submission;
  const { submissionId: _, consent, consentAt, consentText, ...rest } = more;
  const person = cleanLine(String(name ?? ''), LONGEST_NAME);
  const typed = { email: String(email ?? ''), phone: String(phone ?? '') };
  const { address, number } = readContacts(typed);

  const issues = refusals(address.isUsable || number.isUsable);
  if (issues.length > 0) return { issues };

  const { traces = {}, receivedAt } = stamp;
  const from = readAttribution(rest, metadata, traces, receivedAt);
  const { utm, attribution, rest: unknown } = from;
  const { given, unused } = readConsent({ consent, consentAt, consentText }, receivedAt);
  const { form: slug, isUnknown, ...journey } = form;
  const isSpam = HONEYPOT_FIELDS.some((field) => isFilled(unknown[field]));
  for (const field of HONEYPOT_FIELDS) if (!isFilled(unknown[field])) delete unknown[field];

  const lead: Lead = {
    leadId: stamp.leadId,
    ...journey,
    ...(slug !== undefined && { form: slug }),
    name: person || NAMELESS,
    ...contactsOf(address, number, [
      ...(person === '' ? (['name_missing'] as const) : []),
      ...(isUnknown ? (['form_unknown'] as const) : []),
    ]),
    paymentMethod: readPaymentMethod(paymentMethod),
    answers: asRecord(answers),
    utm,
    ...(attribution && { attribution }),
    metadata: {
      ...cleanRecord(unknown),
      ...withoutCookies(asRecord(metadata)),
      ...cleanRecord(unused),
      ...(address.asTyped !== undefined && { emailAsTyped: address.asTyped }),
      ...(number.asTyped !== undefined && { phoneAsTyped: number.asTyped }),
    },
    ...given,
    receivedAt: receivedAt.toISOString(),
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

/** A form of `intake_forms`: named after its slug, like the forms that were there before. */
export function customForm({ slug, kind }: { slug: string; kind: LeadKind }): Form {
  if (kind === 'proftest') return { ...proftestForm(slug), form: slug };
  const source = kind === 'purchase' ? 'course_purchase' : `form_${slug}`;
  return { kind, source, campaign: slug, form: slug };
}

export const purchaseForm: Form = { kind: 'purchase', source: 'course_purchase', campaign: null };

function refusals(isReachable: boolean): Issue[] {
  if (isReachable) return [];
  return [
    { path: 'email', message: 'a valid email or a phone is required' },
    { path: 'phone', message: 'a phone or a valid email is required' },
  ];
}

function contactsOf(
  { email, issue: emailIssue, suggestion }: Email,
  { phone, issue: phoneIssue, damage }: Phone,
  flags: readonly ContactIssue[],
): Pick<Lead, 'email' | 'phone' | 'contactIssues' | 'emailSuggestion'> {
  const cutByMask = damage === 'mask' ? ('phone_cut_by_mask' as const) : undefined;
  return {
    email,
    phone,
    contactIssues: [phoneIssue, cutByMask, emailIssue, ...flags].filter(
      (issue) => issue !== undefined,
    ),
    ...(suggestion !== undefined && { emailSuggestion: suggestion }),
  };
}

function readPaymentMethod(given: string | number | null | undefined): string | null {
  const method = cleanLine(String(given ?? ''), LONGEST_PAYMENT_METHOD);
  const known = KNOWN_PAYMENT_METHODS.find((one) => one === method.toLowerCase());
  return known ?? (method === '' ? null : method);
}

/** Read for the tags in them; the rest is the business of other sites. */
function withoutCookies({ cookies: _, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
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
