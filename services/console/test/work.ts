/** Work that the services behind the console would have left at the broker: leads, messages that ended, dead letters. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { auditSchema, type AuditRecord } from '@leadwire/shared/contract/staff-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import {
  createLedger,
  deliveryOf,
  ledgerKey,
  type LedgerEntry,
} from '@leadwire/shared/delivery/ledger';
import { leadCreated, someLead } from '@leadwire/testing/lead';

/** A lead as landing-api tells of it: held when it has a quarantine. */
export async function publishLead(bus: Bus, overrides: Partial<Lead> = {}): Promise<Lead> {
  const lead = someLead(overrides);
  const { leadId, kind, quarantine } = lead;
  if (quarantine === undefined) {
    await bus.publish(subjects.leadCreated(kind, leadId), leadCreated(lead));
    return lead;
  }
  const about = { source: 'landing-api', subject: leadId, data: { ...lead, quarantine } };
  const event = makeEvent('lead.quarantined.v1', about);
  await bus.publish(subjects.leadQuarantined(kind, leadId), event);
  return lead;
}

/** A message of a lead in the ledger, planned and due now, or ended as given. */
export async function enterMessage(
  bus: Bus,
  { leadId }: Pick<Lead, 'leadId'>,
  channel: 'email' | 'sms',
  ended?: Pick<LedgerEntry, 'state' | 'reason' | 'error'>,
): Promise<LedgerEntry> {
  const template = channel === 'email' ? 'proftest-result' : 'proftest-sms';
  const delivery = deliveryOf({ leadId, channel, template });
  const shortLink = { code: leadId.slice(-7), url: 'https://leadwire-sample.kz/' };
  const { entry } = await createLedger(bus).plan(delivery, { dueAt: new Date(), shortLink });
  if (!ended) return entry;
  const settledAt = new Date().toISOString();
  const settled: LedgerEntry = { ...entry, ...ended, settledAt, attempts: 5 };
  await (await bus.bucket('deliveries')).put(ledgerKey(delivery), JSON.stringify(settled));
  return settled;
}

/** What the shared consumer keeps of a message that it gave up. */
export async function bury(bus: Bus, { leadId, channel, template, deliveryId }: LedgerEntry) {
  const subject = subjects.dead(`notifier-${channel}`, subjects.notifyDue(channel, deliveryId));
  const data = { leadId, channel, template, deliveryId };
  const headers = { 'App-Error-Code': 'validation_error', 'App-Attempts': '1' };
  await bus.publish(subject, new TextEncoder().encode(JSON.stringify({ data })), { headers });
}

/** What the audit log has about it, the oldest first. */
export async function auditOf(bus: Bus, action: string, about: string): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const { json } of readStream(bus, 'AUDIT', { subject: subjects.audit(action, '*') })) {
    const record = auditSchema.parse((json as { data: unknown }).data);
    if (record.subject === about) records.push(record);
  }
  return records;
}
