/**
 * Taking back what has not been sent yet: planned messages end as `skipped: cancelled`. The lead itself stays, in the
 * table and in AmoCRM. What a sender has begun cannot be taken back and is left.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { leadSchema } from '@leadwire/shared/contract/events';
import { readPhone } from '@leadwire/shared/contacts/phones';
import { CANCELLED, cancelPlanned } from '@leadwire/shared/delivery/cancel-planned';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import { z } from 'zod';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import { LeadError } from './lead-error.ts';

/** These leads, or those of one number or form that were received since then. */
export type CancelSelection =
  { leadIds: readonly string[] } | { phone: string; since: Date } | { source: string; since: Date };

export interface CancelForeseen {
  /** What would be settled. */
  planned: LedgerEntry[];
  /** What a sender has begun: it may be sent. */
  sending: LedgerEntry[];
}

export interface CancelReport {
  cancelled: LedgerEntry[];
  /** A sender was faster. */
  left: LedgerEntry[];
}

const factSchema = z.object({ data: leadSchema });

/** What `cancelLeads` would do now. Changes nothing. @throws LeadError `bad_phone`; TransientError */
export async function foreseeCancel(bus: Bus, selection: CancelSelection): Promise<CancelForeseen> {
  const entries = await entriesOf(bus, selection);
  return {
    planned: entries.filter(({ state }) => state === 'planned'),
    sending: entries.filter(({ state }) => state === 'sending'),
  };
}

/**
 * Settles every planned message of these leads and tells the others.
 * @throws LeadError `bad_phone`; TransientError when the broker does not answer: the same call again finishes it
 */
export function cancelLeads(
  { bus, actor }: ActingParts,
  selection: CancelSelection,
): Promise<CancelReport> {
  const [only, ...others] = 'leadIds' in selection ? selection.leadIds : [];
  const subject = only !== undefined && others.length === 0 ? only : MANY;
  return audited(
    bus,
    { actor, action: 'lead.cancelled', subject, details: detailsOf(selection) },
    () => cancel(bus, selection),
    ({ cancelled, left }) => ({ cancelled: cancelled.length, left: left.length }),
  );
}

/** Without the number: the log keeps no contacts. */
function detailsOf(selection: CancelSelection): Record<string, unknown> {
  if ('leadIds' in selection) return { by: 'lead' };
  const since = selection.since.toISOString();
  return 'phone' in selection
    ? { by: 'phone', since }
    : { by: 'source', source: selection.source, since };
}

async function cancel(bus: Bus, selection: CancelSelection): Promise<CancelReport> {
  const facts = createDeliveryFacts(bus, undefined);
  const report: CancelReport = { cancelled: [], left: [] };
  for (const entry of await entriesOf(bus, selection)) {
    // Cancelled before, by somebody who may have died before it was told.
    if (entry.reason === CANCELLED) await facts.outcome(entry);
    if (entry.state === 'sending') report.left.push(entry);
    if (entry.state !== 'planned') continue;
    const cancelled = await cancelPlanned(bus, entry);
    report[cancelled ? 'cancelled' : 'left'].push(cancelled ?? entry);
    if (cancelled) await facts.outcome(cancelled);
  }
  return report;
}

async function entriesOf(bus: Bus, selection: CancelSelection): Promise<LedgerEntry[]> {
  const ledger = createLedger(bus);
  const entries: LedgerEntry[] = [];
  for (const leadId of await leadsOf(bus, selection))
    entries.push(...(await ledger.ofLead(leadId)));
  return entries;
}

async function leadsOf(bus: Bus, selection: CancelSelection): Promise<Set<string>> {
  if ('leadIds' in selection) return new Set(selection.leadIds);
  const isMeant = matcherOf(selection);
  const found = new Set<string>();
  for await (const { json } of readStream(bus, 'LEADS', {
    subject: 'leads.>',
    since: selection.since,
  })) {
    const lead = factSchema.safeParse(json).data?.data;
    if (lead !== undefined && isMeant(lead)) found.add(lead.leadId);
  }
  return found;
}

function matcherOf(selection: Exclude<CancelSelection, { leadIds: readonly string[] }>) {
  if ('source' in selection) {
    const { source } = selection;
    return (lead: { source: string }) => lead.source === source;
  }
  const { phone, issue } = readPhone(selection.phone);
  if (issue !== undefined) throw new LeadError('bad_phone', 'This is no phone number.');
  return (lead: { phone: string | null }) => lead.phone === phone;
}
