/** Every scenario, in the order of a full run. */
import { onLeads, type Runnable } from './scenario.ts';
import { brokerKilled } from './scenarios/broker-killed.ts';
import { campaigns } from './scenarios/campaigns.ts';
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
import { mailFallback } from './scenarios/mail-fallback.ts';
import { landingApiKilled, leadStoreKilled, notifierKilled } from './scenarios/service-killed.ts';

const aboutLeads = [
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
  mailFallback,
  halfOpen,
  journalGone,
  journalCrashes,
  clockAhead,
  crashPoints,
  crm,
];

export const scenarios: readonly Runnable[] = [...aboutLeads.map(onLeads), campaigns];
