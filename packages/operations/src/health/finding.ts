/** How one part stands, in words for the people who work here. */
import { formOf } from '@leadwire/shared/runtime/russian';

/** `unknown`: it could not be found out; `off`: it is not configured, and that may be meant. */
export type HealthState = 'ok' | 'warning' | 'broken' | 'off' | 'unknown';

export interface HealthFinding {
  /** One token, the same every time: `broker`, `service:notifier`, `provider:resend`. */
  part: string;
  /** What people call it, in Russian. */
  title: string;
  state: HealthState;
  /** How it is, in a Russian sentence without a stop. */
  text: string;
  /** What that means for people, in Russian; only where something is wrong. */
  meaning?: string;
  /** What to do about it, in Russian; only where something is wrong. */
  remedy?: string;
  /** What does it in a terminal, where a page of the console does it too: `leadwire` and this. */
  command?: string;
  /** Since when, ISO 8601, where it is known. */
  since?: string;
}

/** `1 заявка`, `2 заявки`, `5 заявок`. */
export const countedRu = (count: number, forms: readonly [string, string, string]): string =>
  `${count} ${formOf(count, forms)}`;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `4 минуты`, `3 часа`, `2 дня`: as long as it takes to read. */
export function spanRu(ms: number): string {
  if (ms < 90 * MINUTE_MS) {
    const minutes = Math.max(1, Math.round(ms / MINUTE_MS));
    return countedRu(minutes, ['минуту', 'минуты', 'минут']);
  }
  if (ms < 48 * HOUR_MS) return countedRu(Math.round(ms / HOUR_MS), ['час', 'часа', 'часов']);
  return countedRu(Math.round(ms / (24 * HOUR_MS)), ['день', 'дня', 'дней']);
}
