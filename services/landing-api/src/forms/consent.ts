/**
 * That somebody agreed to the use of what they left. Forms say it as a box that is ticked (`yes`, `on`, `1`, or its
 * whole sentence), with or without a time and the words. What says nothing certain stays among the answers.
 */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import type { Lead } from '@leadwire/shared/contract/events';
import { plain } from './field-names.ts';
import type { SentField } from './sent.ts';
import type { Submission } from './submission.ts';

const YES = new Set(
  'true 1 yes y on ok checked accepted accept agree agreed да согласен согласна принимаю иә келісемін'.split(
    ' ',
  ),
);
const NO = /^(не|нет|no|not|i do not|i don['’]t|жоқ)(?![\p{L}\p{N}])/iu;
/** Fewer words are a name of a field or a short answer. */
const WORDS_OF_A_SENTENCE = 3;
const LONGEST_TEXT = 2_000;
/** A browser whose clock is ahead. */
const CLOCK_SKEW_MS = 5 * 60_000;
const OLDEST = Date.parse('2000-01-01');
/** A time without its zone was made in Kazakhstan: https://www.iana.org/time-zones, Asia/Almaty since March 2024. */
const HOME_OFFSET = '+05:00';

/**
 * The part of a submission that its fields of consent make: `consent`, `consentAt`, `consentText`. `used` are the
 * fields that are in it. None when a box is there and was not ticked, whatever stands beside it.
 */
export function consentIn<P extends { field: SentField; as: string }>(
  placed: readonly P[],
): { part: Partial<Submission>; used: ReadonlySet<P> } {
  const boxes = placed.filter(({ as }) => as === 'consent');
  const ticked = boxes.find(({ field }) => isTicked(field.value));
  if (boxes.length > 0 && ticked === undefined) return { part: {}, used: new Set() };
  const at = placed.find(({ as, field }) => as === 'consentAt' && textIn(field.value) !== '');
  const words = placed.find(({ as, field }) => as === 'consentText' && textIn(field.value) !== '');
  const text = words ? textIn(words.field.value) : ticked && wordsOf(ticked.field);
  return {
    part: {
      ...(ticked && { consent: true }),
      ...(at && { consentAt: textIn(at.field.value) }),
      ...(text !== undefined && { consentText: text }),
    },
    used: new Set([ticked, at, words].filter((each) => each !== undefined)),
  };
}

/**
 * When and to which words; `receivedAt` where the form says that they agreed and gives no time that can be. `unused` is
 * what it sent that is not in there as it came.
 */
export function readConsent(
  { consent, consentAt, consentText }: Partial<Submission>,
  receivedAt: Date,
): { given: Pick<Lead, 'consentAt' | 'consentText'>; unused: Record<string, unknown> } {
  const typed = String(consentText ?? '').trim();
  const text = cleanLine(typed, LONGEST_TEXT);
  const at = readTime(consentAt, receivedAt);
  const isRefused = consent !== undefined && consent !== null && !isTicked(consent);
  const isGiven = !isRefused && (isTicked(consent) || text !== '' || at !== undefined);
  const isTimeBad = String(consentAt ?? '').trim() !== '' && at === undefined;
  return {
    given: isGiven
      ? {
          consentAt: (at ?? receivedAt).toISOString(),
          ...(text !== '' && { consentText: text }),
        }
      : {},
    unused: {
      ...(isRefused && { consent }),
      ...((isTimeBad || (!isGiven && at !== undefined)) && { consentAt }),
      ...((typed.length > LONGEST_TEXT || (!isGiven && typed !== '')) && { consentText }),
    },
  };
}

function isTicked(value: unknown): boolean {
  if (value === true) return true;
  const text = textIn(value);
  return YES.has(text.toLowerCase()) || YES.has(plain(text)) || isSentence(text);
}

function isSentence(text: string): boolean {
  return text.split(/\s+/).length >= WORDS_OF_A_SENTENCE && !NO.test(text);
}

/** The box's own sentence: what it sent, or what it is called. */
function wordsOf({ names, value }: SentField): string | undefined {
  return [textIn(value), ...names].find((each) => isSentence(each.trim()));
}

/** A text, a number, or the only one in a list. */
function textIn(value: unknown): string {
  const inner: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof inner === 'string' || typeof inner === 'number' ? String(inner).trim() : '';
}

/** ISO 8601, or seconds or milliseconds since 1970; undefined for anything else and for a time that cannot be. */
function readTime(given: unknown, receivedAt: Date): Date | undefined {
  const text = textIn(given);
  const at = /^\d{10}$/.test(text)
    ? Number(text) * 1_000
    : /^\d{13}$/.test(text)
      ? Number(text)
      : readIso(text);
  const isPossible = at >= OLDEST && at <= receivedAt.getTime() + CLOCK_SKEW_MS;
  return isPossible ? new Date(Math.min(at, receivedAt.getTime())) : undefined;
}

function readIso(text: string): number {
  const found =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text);
  const [, day, clock = '00:00', zone = HOME_OFFSET] = found ?? [];
  return day === undefined ? NaN : Date.parse(`${day}T${clock}${zone}`);
}
