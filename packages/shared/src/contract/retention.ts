/**
 * How long streams keep people: what the topology says, or what RETENTION_*_DAYS say. Ages are changed by `leadwire topology
 * apply` alone; services take any that is not so short that something would be lost before it is done.
 */
import { z } from 'zod';
import type { StreamName, StreamSpec } from './streams.ts';
import { streams } from './topology.ts';

const DAY = 24 * 60 * 60_000;
/** A lead may wait so long for a provider that is stopped. */
const LEAST_LEAD_DAYS = 30;

const days = (fallback: number, least: number) =>
  z.coerce
    .number('expected a number of days')
    .int('expected a whole number of days')
    .min(least, `expected ${least} day${least === 1 ? '' : 's'} or more`)
    .default(fallback);

/** How long leads, held leads and calls to providers are kept, in rows and in streams. */
export const retentionEnv = {
  RETENTION_LEADS_DAYS: days(730, LEAST_LEAD_DAYS),
  RETENTION_QUARANTINE_DAYS: days(30, 1),
  RETENTION_CALLS_DAYS: days(30, 1),
};
export type Retention = { [K in keyof typeof retentionEnv]: number };

/** Milliseconds by the settings, and the least that a service takes. */
const SET: Partial<Record<StreamName, { ageMs: (set: Retention) => number; leastMs: number }>> = {
  LEADS: { ageMs: (set) => set.RETENTION_LEADS_DAYS * DAY, leastMs: LEAST_LEAD_DAYS * DAY },
  // Letters have the lead in them.
  DEAD_LETTERS: {
    ageMs: (set) => Math.min(streams.DEAD_LETTERS.maxAgeMs, set.RETENTION_LEADS_DAYS * DAY),
    leastMs: LEAST_LEAD_DAYS * DAY,
  },
  // Whatever became of a lead is known as long as the lead.
  DELIVERIES: {
    ageMs: (set) => Math.max(streams.DELIVERIES.maxAgeMs, set.RETENTION_LEADS_DAYS * DAY),
    leastMs: streams.DELIVERIES.maxAgeMs,
  },
  INTAKE: { ageMs: (set) => set.RETENTION_QUARANTINE_DAYS * DAY, leastMs: DAY },
  CALLS: { ageMs: (set) => set.RETENTION_CALLS_DAYS * DAY, leastMs: DAY },
};

/**
 * The age that a stream is to have, in milliseconds (0: for ever).
 * @param actualMs what it has; undefined for one that is not there
 * @param set undefined for a service, which leaves an age that a person chose
 */
export function ageOf(
  name: string,
  spec: StreamSpec,
  actualMs: number | undefined,
  set: Retention | undefined,
): number {
  const rule = SET[name as StreamName];
  if (rule === undefined) return spec.maxAgeMs;
  if (set !== undefined) return rule.ageMs(set);
  return actualMs !== undefined && actualMs >= rule.leastMs ? actualMs : spec.maxAgeMs;
}
