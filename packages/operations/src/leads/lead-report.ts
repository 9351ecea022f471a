/** Everything known about one lead, gathered from the streams, the ledger, the journal and the database. */
import type { Bus, StoredEvent } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import {
  eventSchemas,
  leadTakenSchema,
  type CrmRecord,
  type Lead,
  type Outcome,
  type ProviderCall,
} from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { Database } from '@leadwire/shared/providers/supabase';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { findDeadLetters, type DeadLetter } from '../dead-letters/dead-letters.ts';
import { requireLead, type LeadPlaces } from './find-lead.ts';
import { LeadError } from './lead-error.ts';

/** Calls to providers are not sorted by lead; this many of them are looked through. */
const MAX_CALLS = 20_000;
const DATABASE_MS = 3_000;

export interface Fact {
  seq: number;
  at: Date;
  data: Outcome;
}

/** A message for one of the lead's deliveries: waiting for its time, or with a sender. */
export interface Waiting {
  entry: LedgerEntry;
  kind: 'scheduled' | 'due';
  /** When it will be handed out; undefined for one that is due. */
  at: Date | undefined;
}

export interface Rows {
  lead: Record<string, unknown> | undefined;
  /** The row in `staff` of whoever has it. */
  manager: Record<string, unknown> | undefined;
  notifications: Record<string, unknown>[];
  shortLinks: Record<string, unknown>[];
}

export interface LeadReport {
  lead: Lead;
  isQuarantined: boolean;
  /** Its place in LEADS. */
  seq: number;
  deliveries: LedgerEntry[];
  /** What the Telegram groups among the deliveries are called, by their ids. */
  groupTitles: ReadonlyMap<string, string>;
  waiting: Waiting[];
  facts: Fact[];
  /** What became of its deal, oldest first. */
  deal: CrmRecord[];
  deadLetters: DeadLetter[];
  calls: ProviderCall[];
  /** True when there were too many calls to look through all of them. */
  isCallsCut: boolean;
  /** The rows; why they could not be read, in words; undefined when no database was given. */
  database: Rows | string | undefined;
}

export interface ReportParts extends LeadPlaces {
  database?: Pick<Database, 'rowById' | 'rowsWith'> | undefined;
}

/**
 * Everything about one lead. A database that does not answer within three seconds is no reason to show nothing.
 * @param id a whole id, or its first eight characters or more
 * @throws LeadError in words when there is no such lead, or several; TransientError when the broker does not answer
 */
export async function leadReport(parts: ReportParts, id: string): Promise<LeadReport> {
  const { bus } = parts;
  const stored = await requireLead(parts, id);
  const { lead, isQuarantined } = leadOf(stored);
  const { leadId } = lead;
  const deliveries = await createLedger(bus).ofLead(leadId);
  const since = new Date(lead.receivedAt);
  const [groupTitles, waiting, facts, deal, deadLetters, calls, database] = await Promise.all([
    readTitles(bus, deliveries),
    findWaiting(bus, deliveries),
    readFacts(bus, deliveries),
    readDeal(bus, leadId),
    findDeadLetters(bus, { leadId, since }),
    readCalls(bus, leadId, since),
    readRows(parts.database, leadId),
  ]);
  const { seq } = stored;
  const found = { deliveries, groupTitles, waiting, facts, deal, deadLetters, ...calls, database };
  return { lead, isQuarantined, seq, ...found };
}

function leadOf({ event, seq }: StoredEvent): { lead: Lead; isQuarantined: boolean } {
  const created = leadTakenSchema.safeParse(event).data;
  if (created) return { lead: created.data, isQuarantined: false };
  const quarantined = eventSchemas['lead.quarantined.v1'].safeParse(event).data;
  if (quarantined) return { lead: quarantined.data, isQuarantined: true };
  const words = `message ${seq} of LEADS is no lead that this version understands`;
  throw new LeadError('unreadable', words);
}

async function readTitles(bus: Bus, deliveries: readonly LedgerEntry[]) {
  if (!deliveries.some(({ channel }) => channel === 'telegram')) return new Map<string, string>();
  const groups = await createGroupReader(bus).all();
  return new Map(groups.map(({ group }) => [group.groupId, group.title]));
}

/** Where the messages of a delivery lie: until their time, and from then on. */
function placesOf({ channel, deliveryId }: LedgerEntry) {
  return channel === 'telegram'
    ? {
        stream: 'TELEGRAM' as const,
        scheduled: subjects.telegramAt('*', deliveryId),
        due: subjects.telegramSend('*', deliveryId),
      }
    : {
        stream: 'NOTIFICATIONS' as const,
        scheduled: subjects.notifyAt(channel, deliveryId),
        due: subjects.notifyDue(channel, deliveryId),
      };
}

async function findWaiting(bus: Bus, deliveries: readonly LedgerEntry[]): Promise<Waiting[]> {
  const looks = deliveries.flatMap((entry) => {
    const { stream, ...places } = placesOf(entry);
    return (['scheduled', 'due'] as const).map((kind) => {
      return { entry, kind, stream, subject: places[kind] };
    });
  });
  const found = await Promise.all(
    looks.map(async ({ entry, kind, stream, subject }) => {
      const message = await bus.lastUnder(stream, subject);
      const at = message?.header('Nats-Schedule')?.replace('@at ', '');
      return message && { entry, kind, at: at === undefined ? undefined : new Date(at) };
    }),
  );
  return found.filter((one) => one !== undefined);
}

async function readFacts(bus: Bus, deliveries: readonly LedgerEntry[]): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const { deliveryId } of deliveries) {
    const subject = subjects.delivery('*', '*', deliveryId);
    for await (const { seq, at, json } of readStream(bus, 'DELIVERIES', { subject })) {
      const event = eventSchemas['delivery.recorded.v1'].safeParse(json).data;
      if (event) facts.push({ seq, at, data: event.data });
    }
  }
  return facts.sort((a, b) => a.seq - b.seq);
}

async function readDeal(bus: Bus, leadId: string): Promise<CrmRecord[]> {
  const records: CrmRecord[] = [];
  for await (const { json } of readStream(bus, 'DELIVERIES', {
    subject: subjects.crm('*', leadId),
  })) {
    const event = eventSchemas['crm.recorded.v1'].safeParse(json).data;
    if (event) records.push(event.data);
  }
  return records.sort((a, b) => a.at.localeCompare(b.at));
}

async function readCalls(bus: Bus, leadId: string, since: Date) {
  const calls: ProviderCall[] = [];
  let looked = 0;
  for await (const { json } of readStream(bus, 'CALLS', { since })) {
    looked += 1;
    if (looked > MAX_CALLS) return { calls, isCallsCut: true };
    const call = eventSchemas['provider.called.v1'].safeParse(json).data?.data;
    if (call?.leadId === leadId) calls.push(call);
  }
  return { calls, isCallsCut: false };
}

async function readRows(database: ReportParts['database'], leadId: string) {
  if (!database) return undefined;
  const late = new Promise<string>((resolve) => {
    setTimeout(resolve, DATABASE_MS, `not reachable: no answer in ${DATABASE_MS / 1000} s`).unref();
  });
  return Promise.race([
    queryRows(database, leadId).catch(
      (thrown: unknown) => `not readable: ${toError(thrown).message}`,
    ),
    late,
  ]);
}

async function queryRows(
  database: NonNullable<ReportParts['database']>,
  leadId: string,
): Promise<Rows> {
  const ofLead = (order: string) => ({ column: 'lead_id', value: leadId, order });
  const [lead, notifications, shortLinks] = await Promise.all([
    database.rowById('landing_leads', leadId),
    database.rowsWith('scheduled_notifications', ofLead('channel')),
    database.rowsWith('short_links', ofLead('created_at')),
  ]);
  const managerId = lead?.['manager_id'];
  const manager =
    typeof managerId === 'string' ? await database.rowById('staff', managerId) : undefined;
  return { lead, manager, notifications, shortLinks };
}
