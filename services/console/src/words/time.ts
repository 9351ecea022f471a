/** Moments as people here say them. */
import { formOf } from '@leadwire/shared/runtime/russian';

const DAY_MS = 24 * 60 * 60_000;

export interface Clock {
  now(): Date;
  timeZone: string;
}

/** One for each way of writing a time: making them was most of what a page of fifty leads took. */
const formats = new Map<string, Intl.DateTimeFormat>();

function written(at: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format.format(at);
}

const partOf = (iso: string | Date, timeZone: string, parts: Intl.DateTimeFormatOptions) =>
  written(new Date(iso), 'ru', { ...parts, timeZone });

/** «14:31» */
export const clockTime = (iso: string | Date, { timeZone }: Clock) =>
  partOf(iso, timeZone, { hour: '2-digit', minute: '2-digit' });

/** «14:31:07»: for details, where seconds tell attempts apart. */
export const exactTime = (iso: string | Date, { timeZone }: Clock) =>
  partOf(iso, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const dateKey = (at: Date, timeZone: string) => written(at, 'sv', { timeZone });

/** «сегодня», «вчера», «завтра», «27 ноября», «27 ноября 2025 г.» */
export function dayName(iso: string | Date, clock: Clock): string {
  const { timeZone } = clock;
  const day = dateKey(new Date(iso), timeZone);
  const now = clock.now();
  const near = { сегодня: 0, вчера: -1, завтра: 1 };
  for (const [word, days] of Object.entries(near)) {
    if (day === dateKey(new Date(now.getTime() + days * DAY_MS), timeZone)) return word;
  }
  const isThisYear = day.slice(0, 4) === dateKey(now, timeZone).slice(0, 4);
  return partOf(iso, timeZone, {
    day: 'numeric',
    month: 'long',
    ...(isThisYear ? {} : { year: 'numeric' }),
  });
}

/** «в 14:31» today, else «27 ноября в 14:31» */
export function moment(iso: string | Date, clock: Clock): string {
  const day = dayName(iso, clock);
  return `${day === 'сегодня' ? '' : `${day} `}в ${clockTime(iso, clock)}`;
}

/** «четверг» in the form of «обычно в четверг». */
export function weekdayAccusative(at: Date, { timeZone }: Clock): string {
  const day = partOf(at, timeZone, { weekday: 'long' });
  const forms: Readonly<Record<string, string>> = {
    среда: 'среду',
    пятница: 'пятницу',
    суббота: 'субботу',
  };
  const word = forms[day] ?? day;
  return `${word === 'вторник' ? 'во' : 'в'} ${word}`;
}

/** «четверг, 26 ноября, 14:32» */
export const longMoment = (at: Date, { timeZone }: Clock) =>
  partOf(at, timeZone, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
  });

/** «2026-11-26 14:32:07»: as spreadsheets sort it. */
export const fullMoment = (iso: string, { timeZone }: Clock) =>
  written(new Date(iso), 'sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });

/** «3 часа», «45 минут»: how long ago, roughly. */
export function span(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 60) return counted(minutes, ['минута', 'минуты', 'минут']);
  const hours = Math.round(minutes / 60);
  if (hours < 48) return counted(hours, ['час', 'часа', 'часов']);
  return counted(Math.round(hours / 24), ['день', 'дня', 'дней']);
}

const number = new Intl.NumberFormat('ru');

/** «1 284» with no-break spaces. */
export const amount = (count: number) => number.format(count).replace('-', '−');

/** «1 заявка», «2 заявки», «5 заявок». */
export function counted(count: number, forms: readonly [string, string, string]): string {
  return `${amount(count)}\u00a0${formOf(count, forms)}`;
}
