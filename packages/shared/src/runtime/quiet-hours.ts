/** Hours of the day in which nobody wants to be written to. */
import { z } from 'zod';

/** Minutes of the day; `from` later than `to` goes over midnight. */
export interface QuietHours {
  from: number;
  to: number;
}

const PATTERN = /^(\d{1,2})(?::([0-5]\d))?-(\d{1,2})(?::([0-5]\d))?$/;

/** `21-9`, `21:00-09:30`, or `none`, as text of an environment. */
export const quietHoursEnv = z
  .string()
  .default('none')
  .transform((text, context): QuietHours | 'none' => {
    if (text === 'none') return text;
    const [, fromHour, fromMinute = '0', toHour, toMinute = '0'] = PATTERN.exec(text.trim()) ?? [];
    const from = Number(fromHour) * 60 + Number(fromMinute);
    const to = Number(toHour) * 60 + Number(toMinute);
    if (from < 24 * 60 && to <= 24 * 60 && from !== to % (24 * 60)) return { from, to };
    context.addIssue({
      code: 'custom',
      message: 'expected hours such as 21-9 or 21:00-09:00, or none',
    });
    return z.NEVER;
  });

/** When quiet hours that `at` is in will be over, by the clock of a time zone; undefined outside of them. */
export function quietUntil(
  hours: QuietHours | 'none',
  timeZone: string,
  at: Date,
): Date | undefined {
  if (hours === 'none') return undefined;
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const [hour = 0, minute = 0] = clock.format(at).split(':').map(Number);
  const time = hour * 60 + minute;
  const { from, to } = hours;
  const isQuiet = from < to ? time >= from && time < to : time >= from || time < to;
  if (!isQuiet) return undefined;
  const minutesLeft = (to - time + 24 * 60) % (24 * 60);
  return new Date(Math.floor(at.getTime() / 60_000) * 60_000 + minutesLeft * 60_000);
}
