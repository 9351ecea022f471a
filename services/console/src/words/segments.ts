/** How days stand in the conditions of a segment: `30d` as «30 дней», `2026-11-01` as «01.11.2026», and back. */
import { counted } from './time.ts';

const DAYS = ['день', 'дня', 'дней'] as const;

/** A day of a condition in words; what is none stays as it is. */
export function dayWords(value: string): string {
  const [, days] = /^(\d+)d$/.exec(value) ?? [];
  if (days !== undefined) return counted(Number(days), DAYS);
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  return year === undefined ? value : `${day}.${month}.${year}`;
}

/** What was typed as the language of segments has it; what is no day stays as it is, for the language to refuse. */
export function dayFromWords(typed: string): string {
  const [, days] = /^(\d+)\s*(?:день|дня|дней|дн\.?)(?:\s+назад)?$/i.exec(typed) ?? [];
  if (days !== undefined) return `${days}d`;
  const [, day = '', month = '', year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed) ?? [];
  return year === undefined ? typed : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}
