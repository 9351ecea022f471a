/**
 * What each template needs to know. In comes what a service has at hand, out goes exactly what the text files may
 * name between {{ and }}: every variable is there, null where there is nothing to say.
 */
import { z } from 'zod';

import { readAnswers } from './answers.ts';
import { toGreetingName, toShownText } from './user-text.ts';

/**
 * An address of our own, http or https, in the form that a URL parser writes it: quotes, spaces and line breaks
 * are percent-encoded. Never give a lead's words to a variable of this type.
 */
const ownUrl = z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).href);

const shownText = (maxLength: number) =>
  z.string().transform((text) => toShownText(text, maxLength) || null);

const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value): z.output<T> | null => value ?? null);

/** What the shared layout shows around every mail. `brand` counts against the 70 characters of an SMS. */
const frame = {
  brand: z.string().trim().min(1).max(40),
  supportEmail: optional(z.email()),
  unsubscribeUrl: optional(ownUrl),
};

/** A person who left a lead; `link` is the mail's button, `shortLink` is the lead's own, for the SMS. */
const lead = {
  name: z.string().transform(toGreetingName),
  link: ownUrl,
  shortLink: ownUrl,
};

/**
 * One schema for each folder under `texts/`, by its name. Unknown keys of the data are left out, so that a service
 * may hand the same object to any template.
 */
export const templateSchemas = {
  'course-purchase': z.object({
    ...frame,
    ...lead,
    course: optional(shownText(120)),
    /** kaspi, halyk and robokassa have words of their own; anything else is settled with a manager. */
    paymentMethod: optional(z.string().trim().toLowerCase()),
  }),
  'proftest-result': z
    .object({ ...frame, ...lead, answers: z.unknown().optional() })
    .transform(({ answers, ...rest }) => ({ ...rest, ...readAnswers(answers) })),
};

/** The name of a template: its folder under `texts/` and its key in `templateSchemas`. */
export type TemplateName = keyof typeof templateSchemas;

/** What a service hands over to have a template rendered. */
export type TemplateData = { [N in TemplateName]: z.input<(typeof templateSchemas)[N]> };

/** All templates, in alphabetical order. */
export const templateNames = Object.keys(templateSchemas).sort() as TemplateName[];
