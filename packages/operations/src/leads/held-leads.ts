/** Leads that are held: which there are, and whether somebody could be reached through them. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { QuarantineReason } from '@leadwire/shared/contract/alert-facts';
import { eventSchemas, type Lead } from '@leadwire/shared/contract/events';
import { CONTENT_HASH_HEADER, subjects } from '@leadwire/shared/contract/topology';

/** These leads, or all that were received since then, for one reason or for any. */
export type HeldSelection =
  | { leadIds: readonly string[] }
  /** Received from `since` on and before `until`. */
  | { since: Date; until?: Date | undefined; reason?: QuarantineReason | undefined };

export interface HeldLead {
  lead: Lead;
  reason: QuarantineReason;
  /** It was let out already. */
  isReleased: boolean;
  /** An address or a number that is none of the flagged ones. */
  isReachable: boolean;
  /** Of what its form sent. */
  contentHash: string | undefined;
}

/** Held leads, the oldest first; a lead that is not held is passed over. @throws TransientError */
export async function* heldLeads(bus: Bus, selection: HeldSelection): AsyncGenerator<HeldLead> {
  const released = await releasedIds(bus);
  const describe = (json: unknown, contentHash: string | undefined): HeldLead | undefined => {
    const lead = eventSchemas['lead.quarantined.v1'].safeParse(json).data?.data;
    if (lead === undefined) return undefined;
    const { leadId, quarantine: reason = 'honeypot' } = lead;
    const isReachable = isLeadReachable(lead);
    return { lead, reason, isReleased: released.has(leadId), isReachable, contentHash };
  };

  if ('leadIds' in selection) {
    for (const leadId of new Set(selection.leadIds)) {
      const stored = await bus.lastUnder('LEADS', subjects.leadQuarantined('*', leadId));
      const held = describe(stored?.event, stored?.header(CONTENT_HASH_HEADER));
      if (held) yield held;
    }
    return;
  }
  const { since, until, reason } = selection;
  const subject = subjects.leadQuarantined('*', '*');
  // What was received since then was stored since then.
  for await (const { json, header } of readStream(bus, 'LEADS', { subject, since })) {
    const held = describe(json, header(CONTENT_HASH_HEADER));
    if (held === undefined) continue;
    const at = Date.parse(held.lead.receivedAt);
    if (at < since.getTime() || (until !== undefined && at >= until.getTime())) continue;
    if (reason === undefined || held.reason === reason) yield held;
  }
}

/** Whether its address or its number can be written to. */
export function isLeadReachable({ email, phone, contactIssues }: Lead): boolean {
  const isPhone = phone !== null && !contactIssues.includes('phone_invalid');
  return isPhone || (email !== null && !contactIssues.includes('email_invalid'));
}

async function releasedIds(bus: Bus): Promise<Set<string>> {
  const manager = await bus.manager();
  const query = { subjects_filter: subjects.leadReleased('*', '*') };
  const { state } = await manager.streams.info('LEADS', query);
  return new Set(Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1)!));
}
