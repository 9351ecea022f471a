/** The types that variables of templates are made of. */
import { z } from 'zod';

import { toOneLine, toShownText } from './user-text.ts';

/**
 * An address of our own, http or https, in the form that a URL parser writes it: quotes, spaces and line breaks
 * are percent-encoded. Never give a lead's words to a variable of this type.
 */
export const ownUrl = z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).href);

/** Somebody's words, made harmless; null when nothing is left of them. `maxLength` is in UTF-16 units. */
export const shownText = (maxLength: number) =>
  z.string().transform((text) => toShownText(text, maxLength) || null);

/** May be missing; then the text files see null. */
export const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value): z.output<T> | null => value ?? null);

/** What the shared layout shows around every mail. `brand` counts against the 70 characters of an SMS. */
export const frame = {
  brand: z.string().trim().min(1).max(40),
  supportEmail: optional(z.email()),
  unsubscribeUrl: optional(ownUrl),
  /** Tells of the reader's own account: the footer then says so, instead of "delete it if it was not you". */
  isAccountMail: z.boolean().default(false),
};

/** Our own words, written by whoever makes a campaign: one line, refused where longer than `maxLength` UTF-16 units. */
export const ownText = (maxLength: number) =>
  z
    .string(`expected a text of at most ${maxLength} characters`)
    .transform(toOneLine)
    .pipe(
      z
        .string()
        .min(1, 'expected some text')
        .max(maxLength, `expected at most ${maxLength} characters`),
    );

/** A list of our own words: as a list, or as one text with a line for each. */
export const ownLines = (maxLines: number, maxLength: number) =>
  z
    .union([z.string().transform((text) => text.split(/\r?\n/)), z.array(z.string())], {
      error: 'expected a list of texts, or one text with a line for each',
    })
    .transform((lines) => lines.map(toOneLine).filter((line) => line !== ''))
    .pipe(z.array(ownText(maxLength)).min(1, 'expected one or more').max(maxLines));

const MOMENT = 'expected a moment with its offset: 2026-11-27T19:00+05:00';

/** A moment in time (RFC 3339, seconds may be left out), as ISO text in UTC. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })], {
    error: MOMENT,
  })
  .transform((text) => new Date(text).toISOString());
