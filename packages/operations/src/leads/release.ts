/**
 * Letting held leads out: each becomes `lead.released.v1` under a subject that takes one message for ever, so that
 * mail, SMS, AmoCRM and Telegram get it once, whoever releases it and how often.
 */
import { CONTENT_HASH_HEADER } from '@leadwire/shared/contract/topology';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import { heldLeads, type HeldLead, type HeldSelection } from './held-leads.ts';

/** Publishes under way at once: a flood of thousands is let out in seconds, and the broker is not swamped. */
const AT_ONCE = 50;
/** Held leads that are older than this are no news. */
const NEWS_MS = 24 * 60 * 60_000;
/** Ids in the audit log's details; the number is always there. */
const MOST_NAMED = 50;

export interface ReleaseReport {
  /** Ids of the leads that are on their way now. */
  released: string[];
  /** Ids of those that had been let out before. */
  already: string[];
}

/** The leads that `releaseLeads` would let out now. Changes nothing. @throws TransientError */
export async function foreseeRelease(bus: Bus, selection: HeldSelection): Promise<HeldLead[]> {
  const found: HeldLead[] = [];
  for await (const held of heldLeads(bus, selection)) if (!held.isReleased) found.push(held);
  return found;
}

/**
 * Hands held leads to all consumers, and ends the alert about them when none is left. A lead that is not held is passed over; none is no error.
 * @throws TransientError when the broker does not answer: the same call again finishes it
 */
export function releaseLeads(
  { bus, actor }: ActingParts,
  selection: HeldSelection,
): Promise<ReleaseReport> {
  const named = 'leadIds' in selection ? selection.leadIds : [];
  const [only, ...others] = named;
  const subject = only !== undefined && others.length === 0 ? only : MANY;
  const details =
    'leadIds' in selection
      ? undefined
      : {
          since: selection.since.toISOString(),
          ...(selection.until && { until: selection.until.toISOString() }),
          ...(selection.reason && { reason: selection.reason }),
        };
  return audited(
    bus,
    { actor, action: 'lead.released', subject, ...(details && { details }) },
    () => release(bus, selection),
    ({ released, already }) => {
      const leadIds = released.slice(0, MOST_NAMED);
      return { released: released.length, already: already.length, leadIds };
    },
  );
}

async function release(bus: Bus, selection: HeldSelection): Promise<ReleaseReport> {
  const report: ReleaseReport = { released: [], already: [] };
  let batch: HeldLead[] = [];
  const flush = async (): Promise<void> => {
    const outcomes = await Promise.all(batch.map((held) => releaseOne(bus, held)));
    outcomes.forEach((isNew, index) => {
      report[isNew ? 'released' : 'already'].push(batch[index]!.lead.leadId);
    });
    batch = [];
  };
  for await (const held of heldLeads(bus, selection)) {
    batch.push(held);
    if (batch.length >= AT_ONCE) await flush();
  }
  await flush();
  if (report.released.length + report.already.length > 0) await endAlert(bus);
  return report;
}

/** False when it was let out before. */
async function releaseOne(bus: Bus, held: HeldLead): Promise<boolean> {
  if (held.isReleased) return false;
  const { lead, reason, contentHash } = held;
  const data = { ...lead, quarantine: reason };
  const headers = contentHash === undefined ? {} : { [CONTENT_HASH_HEADER]: contentHash };
  return (await publishEvent(bus, 'lead.released.v1', data, { headers })).stored;
}

/** Ends the alert about held leads when nobody is left in them who could be reached. A flood has an alert of its own. */
async function endAlert(bus: Bus): Promise<void> {
  for await (const held of heldLeads(bus, { since: new Date(Date.now() - NEWS_MS) })) {
    if (!held.isReleased && held.isReachable && held.reason !== 'flood') return;
  }
  await createAlerts(bus).resolve('quarantined', 'Удержанные заявки с контактами выпущены.');
}
