/** Moments and days in Russian words. Nothing here looks at the clock: the same arguments give the same words. */

const DAY_MS = 24 * 60 * 60_000;

/** The zones that people here know by a city's name; any other is shown by its offset. */
const ZONE_WORDS: Readonly<Record<string, string>> = {
  'Asia/Almaty': 'по времени Алматы',
  'Europe/Moscow': 'по московскому времени',
};

const dayWords = new Intl.PluralRules('ru');
const DAYS: Readonly<Record<string, string>> = {
  one: 'остался %d день',
  few: 'осталось %d дня',
  many: 'осталось %d дней',
};

/** «27 ноября (пятница), 19:00 по времени Алматы». `iso` is a moment, `timeZone` an IANA name. */
export function longMoment(iso: string, timeZone: string): string {
  const part = partsOf(iso, timeZone);
  const zone = ZONE_WORDS[timeZone] ?? `(${part('timeZoneName')})`;
  return `${part('day')} ${part('month')} (${part('weekday')}), ${part('hour')}:${part('minute')} ${zone}`;
}

/** «27 ноября»: the day of a moment. */
export function dayOf(iso: string, timeZone: string): string {
  const part = partsOf(iso, timeZone);
  return `${part('day')} ${part('month')}`;
}

/** «27.11 19:00»: for an SMS, where every character is paid for. */
export function shortMoment(iso: string, timeZone: string): string {
  const part = partsOf(iso, timeZone, { day: '2-digit', month: '2-digit' });
  return `${part('day')}.${part('month')} ${part('hour')}:${part('minute')}`;
}

/**
 * How many nights there are from `at` to the moment `iso`, by the calendar of `timeZone`: 0 is today, 1 tomorrow,
 * less than 0 is past.
 */
export function daysLeft(iso: string, at: Date, timeZone: string): number {
  return (midnight(new Date(iso), timeZone) - midnight(at, timeZone)) / DAY_MS;
}

/** «осталось 7 дней», «уже завтра», «уже сегодня»; null when the moment is over. */
export function countdown(iso: string, at: Date, timeZone: string): string | null {
  if (Date.parse(iso) <= at.getTime()) return null;
  const days = daysLeft(iso, at, timeZone);
  if (days === 0) return 'уже сегодня';
  if (days === 1) return 'уже завтра';
  return (DAYS[dayWords.select(days)] ?? 'осталось %d дня').replace('%d', String(days));
}

/** The local calendar's day as a midnight in UTC, so that days are always of the same length. */
function midnight(moment: Date, timeZone: string): number {
  const part = partsOf(moment.toISOString(), timeZone, { day: 'numeric', month: 'numeric' });
  return Date.UTC(Number(part('year')), Number(part('month')) - 1, Number(part('day')));
}

type DayFormat = { day: 'numeric' | '2-digit'; month: 'numeric' | '2-digit' | 'long' };

/** Making one takes longer than rendering a whole mail. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string, { day, month }: DayFormat): Intl.DateTimeFormat {
  const key = `${timeZone} ${day} ${month}`;
  const known = formats.get(key);
  if (known) return known;
  const format = new Intl.DateTimeFormat('ru', {
    timeZone,
    weekday: 'long',
    year: 'numeric',
    month,
    day,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'shortOffset',
  });
  formats.set(key, format);
  return format;
}

function partsOf(
  iso: string,
  timeZone: string,
  dayFormat: DayFormat = { day: 'numeric', month: 'long' },
): (type: Intl.DateTimeFormatPartTypes) => string {
  const parts = formatFor(timeZone, dayFormat).formatToParts(new Date(iso));
  return (type) => parts.find((part) => part.type === type)?.value ?? '';
}
