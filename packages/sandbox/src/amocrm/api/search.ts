/** The search of AmoCRM: over all filled fields, late, and generous with what only resembles. */
import type { Indexed } from '../store/records.ts';

const digitsOf = (text: string): string => text.replace(/\D/g, '');
/** Fewer digits are no phone number. */
const FEWEST_DIGITS = 5;
/** A number without its operator's code. Two people whose numbers end alike are found for each other. */
const NEAR_DIGITS = 7;
const NATIONAL_DIGITS = 10;

/**
 * Does the search find an entity with these words? With `near` also by the end of a phone number, by the part of an
 * address before the @, and by beginnings of words in any order.
 */
export function finds(words: string[], query: string, near: boolean): boolean {
  const wanted = query.trim().toLowerCase();
  if (words.some((word) => word.toLowerCase().includes(wanted))) return true;
  if (findsNumber(words, wanted, near)) return true;
  return near && (findsMailbox(words, wanted) || findsWords(words, wanted));
}

function findsNumber(words: string[], wanted: string, near: boolean): boolean {
  const digits = digitsOf(wanted);
  if (digits.length < FEWEST_DIGITS || /[a-zа-я@]/i.test(wanted)) return false;
  const end = near ? NEAR_DIGITS : NATIONAL_DIGITS;
  return words.some((word) => {
    const others = digitsOf(word);
    if (others.includes(digits)) return true;
    return (
      others.length >= end && digits.length >= end && others.slice(-end) === digits.slice(-end)
    );
  });
}

function findsMailbox(words: string[], wanted: string): boolean {
  const [local, domain] = wanted.split('@');
  if (local === undefined || domain === undefined || local.length < 3) return false;
  return words.some((word) => word.toLowerCase().startsWith(`${local}@`));
}

function findsWords(words: string[], wanted: string): boolean {
  const parts = wanted.split(/\s+/).filter((part) => part.length > 1);
  const known = words.flatMap((word) => word.toLowerCase().split(/\s+/));
  return parts.length > 1 && parts.every((part) => known.some((word) => word.startsWith(part)));
}

/** What the index knows at `now`; nothing for an entity that has not reached it. */
export function wordsAt(indexed: Indexed[], now: number): string[] {
  return indexed.findLast(({ at }) => at <= now)?.words ?? [];
}

/** Adds a state to the index's queue and drops those that no search can meet any more. */
export function reindex(indexed: Indexed[], words: string[], at: number, now: number): Indexed[] {
  const current = indexed.findLastIndex((each) => each.at <= now);
  return [...indexed.slice(Math.max(current, 0)), { at, words }];
}
