/** What may be said of a campaign, when it is made and when it is changed. */
import { z } from 'zod';

const quietHours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'expected 21:00-09:00')
  .refine(hasLength, 'they begin and end at the same minute')
  .nullable()
  .meta({ description: 'Local times in the campaign’s time zone; null for none.' });
const timeZone = z.string().max(64).refine(isTimeZone, 'expected a time zone such as Asia/Almaty');
const TIME = 'expected a time with its offset, such as 2026-12-01T10:00:00+05:00';
const scheduledFor = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })], {
    error: TIME,
  })
  .nullable();
const ratePerSecond = z.number().positive().max(1_000).nullable();
const name = z.string().trim().min(1).max(200);
const topic = z.string().trim().min(1).max(200).nullable();
/** Instead of the template's, letter by letter: nothing in it is taken for a variable. */
const subject = z
  .string()
  .trim()
  .min(1, 'expected a subject')
  .max(150, 'expected at most 150 characters: programs cut longer ones')
  .regex(/^(?!.*\{[{%])[^\r\n]*$/, 'expected one line without {{ and {%')
  .nullable();
const variables = z.record(z.string(), z.unknown());

/** The fields that are the same in both. */
export const campaignFields = {
  name,
  subject,
  topic,
  variables,
  quietHours,
  timeZone,
  ratePerSecond,
  scheduledFor,
};

/** Of `21:00-09:00`: the database reads equal times as none at all, a person may mean all day. */
export function hasLength(hours: string): boolean {
  const [from, to] = hours.split('-');
  return from !== to;
}

/**
 * Whether it names a zone, as Node and the database understand it alike. An offset does not: `+05:00` is east of
 * Greenwich for one and west for the other (https://www.postgresql.org/docs/17/datatype-datetime.html, POSIX).
 */
export function isTimeZone(text: string): boolean {
  if (/^[+-]/.test(text)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}
