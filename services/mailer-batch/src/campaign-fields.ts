/** What may be said of a campaign, when it is made and when it is changed. */
import { z } from 'zod';

const quietHours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'expected 21:00-09:00')
  .nullable()
  .meta({ description: 'Local times in the campaign’s time zone; null for none.' });
const timeZone = z.string().refine(isTimeZone, 'expected a time zone such as Asia/Almaty');
const scheduledFor = z.iso.datetime({ offset: true }).nullable();
const ratePerSecond = z.number().positive().max(1_000).nullable();
const name = z.string().trim().min(1).max(200);
const topic = z.string().trim().min(1).max(200).nullable();
const variables = z.record(z.string(), z.unknown());

/** The fields that are the same in both. */
export const campaignFields = {
  ...{ name, topic, variables, quietHours, timeZone, ratePerSecond, scheduledFor },
};

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}
