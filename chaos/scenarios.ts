/** Every scenario, in the order of a full run. */
import type { Scenario } from './scenario.ts';
import { brokerKilled } from './scenarios/broker-killed.ts';
import { clockAhead } from './scenarios/clock-ahead.ts';
import { crashPoints } from './scenarios/crash-points.ts';
import { crm } from './scenarios/crm.ts';
import { databaseDown } from './scenarios/database-down.ts';
import { halfOpen } from './scenarios/half-open.ts';
import { journalCrashes } from './scenarios/journal-crashes.ts';
import { journalGone } from './scenarios/journal-gone.ts';
import {
  effectThenDrop,
  effectThenLate,
  hanging,
  rateLimited,
  serverErrors,
} from './scenarios/provider-faults.ts';
import { landingApiKilled, leadStoreKilled, notifierKilled } from './scenarios/service-killed.ts';

export const scenarios: readonly Scenario[] = [
  brokerKilled,
  landingApiKilled,
  notifierKilled,
  leadStoreKilled,
  databaseDown,
  effectThenDrop,
  effectThenLate,
  serverErrors,
  rateLimited,
  hanging,
  halfOpen,
  journalGone,
  journalCrashes,
  clockAhead,
  crashPoints,
  crm,
];
