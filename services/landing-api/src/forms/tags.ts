/** One UTM value as a person should read it. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import type { Lead } from '@leadwire/shared/contract/events';

export const utmFields = ['source', 'medium', 'campaign', 'content', 'term'] as const;
export type UtmField = (typeof utmFields)[number];

const LONGEST_VALUE = 500;
/** A value that went through two builders may be encoded twice; nobody's is three times. */
const MOST_ROUNDS = 2;
/** Of Facebook, Yandex and Google, TikTok, and of scripts that had nothing. */
const UNFILLED = /^(\{\{.*\}\}|\{[^{}]*\}|__[A-Z0-9_]+__|undefined|null|NaN)$/;

/** Decoded, clean and at most 500 characters; empty for a macro that nobody filled in. */
export function cleanTag(text: string): string {
  const tag = cleanLine(decoded(text), LONGEST_VALUE);
  return UNFILLED.test(tag) ? '' : tag;
}

/** `%D0%BB%D0%B5%D1%82%D0%BE+2027` is `лето 2027`; `100%` and `a+b` are what they are. */
function decoded(text: string): string {
  let result = text;
  for (let round = 0; round < MOST_ROUNDS && /%[0-9a-f]{2}/i.test(result); round += 1) {
    try {
      result = decodeURIComponent(result.replaceAll('+', ' '));
    } catch {
      return result;
    }
  }
  return result;
}

export interface Tags {
  utm: Lead['utm'];
  /** Tags that came more than once, under `utm_<field>`, with all their values. */
  repeated?: Record<string, string[]> | undefined;
}
