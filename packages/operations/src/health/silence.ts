/**
 * Whether leads are missing: what came since the last one against the same hours of the same weekdays before. Almaty
 * has no summer time, so a week before is the same weekday and hour there.
 */
import { countedRu, spanRu, type HealthFinding } from './finding.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** A month says what is usual and forgets the season before. */
export const WEEKS = 4;
/**
 * With this many expected, none at all happens by chance in one case of twenty, or of four hundred (Poisson: e^-3,
 * e^-6). The second one is worth waking somebody.
 */
const WARN_FROM = 3;
const ALARM_FROM = 6;
/** Further back nobody looks. */
const LONGEST_MS = WEEK_MS;

export interface LeadPace {
  /** The beginning of an hour in Unix seconds -> how many leads came in it; hours without any may be missing. */
  hours: readonly (readonly [hour: number, leads: number])[];
  /** Null when there has never been one. */
  newest: string | null;
  oldest: string | null;
}

/** How many leads the same hours brought on average in the weeks before; undefined in the first week. */
export function usualLeads(pace: LeadPace, from: number, until: number): number | undefined {
  if (pace.oldest === null) return undefined;
  const weeks = Math.min(WEEKS, Math.floor((from - Date.parse(pace.oldest)) / WEEK_MS));
  if (weeks < 1) return undefined;
  const byHour = new Map(pace.hours.map(([hour, leads]) => [hour * 1_000, leads]));
  let sum = 0;
  for (let hour = Math.floor(from / HOUR_MS) * HOUR_MS; hour < until; hour += HOUR_MS) {
    const share = (Math.min(hour + HOUR_MS, until) - Math.max(hour, from)) / HOUR_MS;
    for (let week = 1; week <= weeks; week += 1) {
      sum += share * (byHour.get(hour - week * WEEK_MS) ?? 0);
    }
  }
  return sum / weeks;
}

/** Silence is a fault too: an advertisement may be paid for whose form does not work. */
export function judgeSilence(pace: LeadPace, now: Date): HealthFinding {
  const about = { part: 'leads', title: 'Заявки' };
  if (pace.newest === null) return { ...about, state: 'ok', text: 'заявок ещё не было' };
  const until = now.getTime();
  const from = Math.max(Date.parse(pace.newest), until - LONGEST_MS);
  const usual = usualLeads(pace, from, until);
  const text = `последняя ${spanRu(until - Date.parse(pace.newest))} назад`;
  if (usual === undefined || usual < WARN_FROM) return { ...about, state: 'ok', text };
  const expected = countedRu(Math.round(usual), ['заявка', 'заявки', 'заявок']);
  return {
    ...about,
    state: usual < ALARM_FROM ? 'warning' : 'broken',
    text: `за ${spanRu(until - from)} ни одной заявки, обычно за это время ${expected}`,
    meaning: 'Реклама может идти впустую: люди не доходят до формы, или форма не отправляется',
    remedy:
      'Откройте лендинг и отправьте пробную заявку. Если она пришла, проверьте, идут ли объявления',
    since: new Date(from).toISOString(),
  };
}
