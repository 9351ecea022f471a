/**
 * What each template needs to know. In comes what a service has at hand, out goes exactly what the text files may
 * name between {{ and }}: every variable is there, null where there is nothing to say.
 */
import { z } from 'zod';

import { readAnswers } from './answers.ts';
import { frame, optional, ownUrl, shownText } from './variable-types.ts';
import { toGreetingName } from './user-text.ts';

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
