/** The checks of each day, told to the admins once, at the hour that somebody wished. */
import { findingsOf, upkeep, upkeepRows } from '@leadwire/operations/upkeep/upkeep';
import type { HealthFinding } from '@leadwire/operations/health/finding';
import { dayOf } from '@leadwire/operations/reports/report';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { changeKey } from '@leadwire/shared/coordination/kv';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';

export interface UpkeepDayParts {
  bus: Bus;
  landing: Pick<Database, 'call'>;
  alerts: Pick<Alerts, 'report'>;
  /** From 0 to 23, of `timeZone`. */
  hour: number;
  timeZone: string;
}

const toldSchema = z.object({ day: z.string() });
const LAST = { bucket: 'staff_sync', key: 'upkeep.last', schema: toldSchema } as const;
const TRIES = 5;

/** Tells it when its hour has come and nobody has told this day yet. @throws as `upkeep` */
export async function tellUpkeepOfDay(parts: UpkeepDayParts, now: Date): Promise<boolean> {
  const { bus, landing, alerts, hour, timeZone } = parts;
  if (hourOf(now, timeZone) < hour) return false;
  const day = dayOf(now, timeZone);
  // Looked at first: of a day that could not be looked at nothing is noted.
  const found = await upkeep({ bus, read: upkeepRows(landing) }, now);
  const options = { tries: TRIES, busy: 'the note of the daily checks is being written by others' };
  const { written } = await changeKey(
    bus,
    LAST,
    (before) => (before?.day === day ? undefined : { day }),
    options,
  );
  if (written === undefined) return false;
  await alerts.report(wordsOf(findingsOf(found, 'daily')), `upkeep:${day}`);
  return true;
}

/** What is wrong with what to do about it; or that nothing is. */
export function wordsOf(findings: readonly HealthFinding[]) {
  const wrong = findings.filter(({ state }) => state === 'warning' || state === 'broken');
  const lines = wrong.map(({ title, text, remedy }) => `${title}: ${text}. ${remedy ?? ''}.`);
  const message = wrong.length === 0 ? 'Всё в порядке, делать ничего не нужно.' : lines.join('\n');
  return {
    severity: wrong.length === 0 ? ('info' as const) : ('warning' as const),
    what: 'upkeep' as const,
    message,
  };
}

function hourOf(at: Date, timeZone: string): number {
  return Number(
    new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(at),
  );
}
