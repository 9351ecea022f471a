/** A post -> a submission, by the form's dialect and mapping. Pure: makes no lead and tells nobody. */
import { createHash } from 'node:crypto';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import type { Dialect, IntakeForm, OurField } from '@leadwire/shared/contract/intake-forms';
import { CHALLENGE_FIELD } from './challenge.ts';
import { consentIn } from './consent.ts';
import { detectDialect, dialectReaders } from './dialects.ts';
import { textOf, unwrap } from './fields-of.ts';
import { exactField, isTrackingField, nearField, ourFieldOf, plain } from './field-names.ts';
import type { Post, Sent, SentField } from './sent.ts';
import type { Submission } from './submission.ts';

/** How a post was understood. */
export interface FormReading {
  dialect: Dialect;
  submission: Submission;
  /** The sender's own id of the submission, with the dialect in front: a key within its form. */
  id: string | undefined;
  isTest: boolean;
  /** What the challenge's widget put into a form whose mapping says so. */
  challengeToken: string | undefined;
  /** For `forms test` and the alert: each field that came, and what it was taken for. No values. */
  fields: { name: string; as: string; near?: string }[];
}

export type FormLook = Pick<IntakeForm, 'dialect' | 'mapping'>;

/** What people fill in is an answer; in our own format it is metadata, as it has always been. */
type Placed = { field: SentField; as: OurField | 'tracking' | 'other'; isGuess?: boolean };

const CONTACTS = ['name', 'firstName', 'lastName', 'email', 'phone', 'paymentMethod'] as const;
/** A lead travels in one message of the broker; more than this of answers is none that a person gave. */
const MOST_TEXT = 4_000;
const MOST_FIELDS = 200;

/** Undefined when the body is no form at all. */
export function readForm(post: Post, form: FormLook): FormReading | undefined {
  const { body } = post;
  if (body === undefined) return undefined;
  const dialect = form.dialect === 'auto' ? detectDialect(post, body) : form.dialect;
  const sent = dialectReaders[dialect].read(body);
  const fromAddress = Object.entries(post.query).map(([name, value]) => ({ names: [name], value }));
  const found = place([...sent.fields, ...fromAddress].slice(0, MOST_FIELDS), form.mapping);
  const { part: consent, used } = consentIn(found);
  const placed = found.map((each) =>
    /^consent/.test(each.as) && !used.has(each) ? { ...each, as: 'other' as const } : each,
  );
  const mappedId = placed.find(({ as }) => as === 'id');
  const id = textOf(mappedId?.field.value) ?? sent.id;
  const token = placed.find(({ as }) => as === 'challenge');
  return {
    dialect,
    submission: { ...toSubmission(dialect, sent, placed), ...consent },
    id: id === undefined ? undefined : keyOf(dialect, id),
    isTest: sent.isTest ?? false,
    challengeToken: textOf(token?.field.value),
    fields: placed.map(({ field, as }) => report(field, as)),
  };
}

function report({ names }: SentField, as: Placed['as']): FormReading['fields'][number] {
  const [name = ''] = names;
  const near = as === 'other' ? nearField(name) : undefined;
  return { name, as, ...(near !== undefined && { near }) };
}

/** Mapping first, then what the sender says, whole names, parts of labels, and at last the look of the values. */
function place(fields: readonly SentField[], mapping: Readonly<Record<string, string>>): Placed[] {
  const wanted = new Map(
    Object.entries(mapping).map(([theirs, ours]) => [plain(theirs), ours as OurField]),
  );
  const taken = new Set<string>();
  const placed = fields.map((field): Placed => {
    const mapped = field.names.map((name) => wanted.get(plain(name))).find(Boolean);
    // No answer of a person, and another one at each try: a double click would be two leads.
    const isToken = field.names.includes(CHALLENGE_FIELD);
    const sure = mapped ?? field.as ?? (isToken ? 'ignore' : exactField(field.names));
    if (sure !== undefined && isFilled(field.value)) taken.add(sure);
    if (sure !== undefined) return { field, as: sure };
    return { field, as: field.names.some(isTrackingField) ? 'tracking' : 'other' };
  });
  const likely = placed.map((each): Placed => {
    if (each.as !== 'other') return each;
    const as = ourFieldOf(each.field.names);
    const isEmpty = !isFilled(each.field.value) && !(as === 'consent' && each.field.value === true);
    if (as === undefined || taken.has(as) || isEmpty) return each;
    taken.add(as);
    return { ...each, as };
  });
  return byLook(likely, taken);
}

/** The only value that is an address, the only one that is a phone: who left it can be reached. */
function byLook(placed: readonly Placed[], taken: ReadonlySet<string>): Placed[] {
  const only = (field: 'email' | 'phone', looksLike: (text: string) => boolean) => {
    if (taken.has(field)) return undefined;
    const found = placed.filter(
      ({ as, field: { value } }) => as === 'other' && looksLike(textOf(unwrap(value)) ?? ''),
    );
    return found.length === 1 ? found[0] : undefined;
  };
  const email = only('email', (text) => text.includes('@') && readEmail(text).email !== null);
  const phone = only('phone', isPhone);
  return placed.map((each) => {
    if (each === email) return { ...each, as: 'email' };
    return each === phone ? { ...each, as: 'phone' } : each;
  });
}

/** Ten digits or more that are a number somewhere; an order's number is rarely that. */
function isPhone(text: string): boolean {
  if (!/^\+?[\d\s()-]{10,20}$/.test(text)) return false;
  const { issue, phone } = readPhone(text);
  return phone !== null && issue === undefined;
}

function toSubmission(dialect: Dialect, sent: Sent, placed: readonly Placed[]): Submission {
  const first = (as: OurField): unknown =>
    placed.find((each) => each.as === as && isFilled(each.field.value))?.field.value;
  const text = (as: OurField): string | undefined => lineOf(first(as));
  const parts = [text('firstName'), text('lastName')].filter((part) => part !== undefined);
  const name = text('name') ?? (parts.length > 0 ? parts.join(' ') : undefined);
  const contacts = {
    name,
    email: text('email'),
    phone: text('phone'),
    paymentMethod: text('paymentMethod'),
  };
  const rest = placed.filter(({ as }) => as === 'other' || as === 'answer');
  const tracking = Object.fromEntries(
    placed
      .filter(({ as }) => as === 'tracking' || /^(utm_|page$|referrer$|cookies$)/.test(as))
      .reverse()
      .map(({ field, as }) => [as === 'tracking' ? trackingName(field) : as, field.value]),
  );
  const course = text('course');
  const own = {
    ...tracking,
    ...contacts,
    ...(sent.utm && { platformUtm: sent.utm }),
    ...(sent.ad && { ad: sent.ad }),
  };
  const others = named(rest);
  // Our own format says itself where things belong.
  if (dialect === 'json') {
    const mapped = named(rest.filter(({ as }) => as === 'answer'));
    const { answers } = others;
    const all = isRecord(answers) || answers === undefined ? { ...answers, ...mapped } : answers;
    const hasAnswers = Object.keys(mapped).length > 0;
    const outside = named(rest.filter(({ as }) => as === 'other'));
    return {
      ...outside,
      ...own,
      ...(hasAnswers && { answers: all }),
      ...(course !== undefined && { course }),
    };
  }
  const spare = placed.filter(({ as, field }) => isSpare(as, field, contacts));
  const more = named(spare);
  return {
    ...own,
    answers: { ...others, ...more },
    metadata: { ...sent.meta, ...(course !== undefined && { course }) },
  };
}

/** Values by the name that a person reads. */
function named(placed: readonly Placed[]): Record<string, unknown> {
  return Object.fromEntries(placed.map(({ field }) => [field.names[0] ?? '', cut(field.value)]));
}

/** A second phone or address: not the lead's, and not to be lost either. */
function isSpare(as: Placed['as'], { value }: SentField, contacts: object): boolean {
  const isContact = CONTACTS.some((each) => each === as && each in contacts);
  if (!isContact || as === 'firstName' || as === 'lastName' || !isFilled(value)) return false;
  return lineOf(value) !== (contacts as Record<string, unknown>)[as];
}

function trackingName({ names }: SentField): string {
  return names.find(isTrackingField) ?? names[0] ?? '';
}

/** One value as a line; the parts of a name or a phone side by side. */
function lineOf(value: unknown): string | undefined {
  const inner = Array.isArray(value) ? (value as unknown[]).find(isFilled) : value;
  if (isRecord(inner)) {
    const parts = Object.values(inner).map(textOf).filter(Boolean);
    return parts.length > 0 ? parts.join(' ') : undefined;
  }
  return textOf(inner);
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > MOST_TEXT ? value.slice(0, MOST_TEXT) : value;
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isFilled);
  if (isRecord(value)) return Object.values(value).some(isFilled);
  return textOf(value) !== undefined;
}

/** Printable and short enough for a key; anything else by its digest. */
function keyOf(dialect: Dialect, id: string): string {
  const isUsable = /^[\x21-\x7E]{1,100}$/.test(id);
  return `${dialect}:${isUsable ? id : createHash('sha256').update(id).digest('hex')}`;
}
