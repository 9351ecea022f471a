/**
 * What each template needs to know. In comes what a service has at hand, out goes exactly what the text files may
 * name between {{ and }}: every variable is there, null where there is nothing to say.
 */
import { z } from 'zod';

import { readOwnAnswers } from './answers.ts';
import { courseName } from './labels.ts';
import { longMoment, dayOf } from './russian-time.ts';
import { frame, moment, optional, ownUrl, shownText } from './variable-types.ts';
import { toGreetingName } from './user-text.ts';

/** A person who left a lead; `link` is the mail's button, `shortLink` is the lead's own, for the SMS. */
const lead = {
  name: z.string().transform(toGreetingName),
  link: ownUrl,
  shortLink: ownUrl,
};

/** Somebody whose account the mail is about. */
const account = {
  ...frame,
  isAccountMail: z.boolean().default(true),
  name: z.string().transform(toGreetingName),
};

/** A moment in the reader's time, in words: «27 ноября (пятница), 19:00 по времени Алматы». */
const shownMoment = moment.transform((iso) => longMoment(iso, 'Asia/Almaty'));
/** The day of a moment in the reader's time: «27 ноября». */
const shownDay = moment.transform((iso) => dayOf(iso, 'Asia/Almaty'));

/** Money as people read it: «1 250 ₸», «1 250,50 ₸». In an SMS it may not be longer than `LONGEST_TENGE`. */
const tenge = z.coerce
  .number('expected an amount in tenge')
  .min(0, 'expected an amount in tenge')
  .max(9_999_999.99, 'expected at most 9,999,999 tenge')
  .transform((amount) => inTenge.format(amount).replace(/\s/g, '\u00a0') + '\u00a0₸');
const inTenge = new Intl.NumberFormat('ru-KZ', { maximumFractionDigits: 2 });
export const LONGEST_TENGE = '9999999.99';

const emailChange = { ...account, newEmail: z.email(), changedAt: shownMoment };

/**
 * One schema for each folder under `texts/`, by its name. Unknown keys of the data are left out, so that a service
 * may hand the same object to any template.
 */
export const templateSchemas = {
  'course-purchase': z.object({
    ...frame,
    ...lead,
    /** One of `texts/courses.json`; of another one the mail says nothing. */
    course: optional(z.string()).transform((course) => (course && courseName(course)) ?? null),
    /** kaspi, halyk and robokassa have words of their own; anything else is settled with a manager. */
    paymentMethod: optional(z.string().trim().toLowerCase()),
  }),
  'proftest-result': z
    .object({ ...frame, ...lead, answers: z.unknown().optional() })
    .transform(({ answers, ...rest }) => ({ ...rest, ...readOwnAnswers(answers) })),

  // Messages of the learning platform. `link` is where the mail's button leads.
  welcome: z.object({ ...account, link: ownUrl, email: z.email() }),
  /** To the new address. */
  'email-changed': z.object(emailChange),
  /** To the address of before, whose owner may know nothing of it. */
  'email-changed-old': z.object(emailChange),
  'password-changed': z.object({ ...account, changedAt: shownMoment }),
  'certificate-issued': z.object({
    ...account,
    link: ownUrl,
    course: shownText(120).pipe(z.string()),
    number: shownText(60).pipe(z.string()),
    issuedAt: shownDay,
  }),
  // To somebody who brought a buyer.
  'referral-commission': z.object({
    ...account,
    commission: tenge,
    product: optional(shownText(120)),
  }),
};

/** The name of a template: its folder under `texts/` and its key in `templateSchemas`. */
export type TemplateName = keyof typeof templateSchemas;

/** What a service hands over to have a template rendered. */
export type TemplateData = { [N in TemplateName]: z.input<(typeof templateSchemas)[N]> };

/** All templates, in alphabetical order. */
export const templateNames = Object.keys(templateSchemas).sort() as TemplateName[];

/** Those that a lead gets: each has a mail, and an SMS with a short link. */
export const leadTemplateNames = ['course-purchase', 'proftest-result'] as const;
