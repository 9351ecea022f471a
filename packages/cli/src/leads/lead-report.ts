/** Everything known about one lead, gathered from the streams, the ledger, the journal and the database. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Bus, StoredEvent } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import {
  eventSchemas,
  leadTakenSchema,
  type Lead,
  type Outcome,
  type ProviderCall,
} from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { Database } from '@leadwire/shared/providers/supabase';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { findDeadLetters, type DeadLetter } from '../dead/dead-letters.ts';
import type { CliEnv } from '../env.ts';

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
  notifications: Record<string, unknown>[];
  shortLinks: Record<string, unknown>[];
}

export interface LeadReport {
  lead: Lead;
  isQuarantined: boolean;
  /** Its place in LEADS; undefined while it is only in the journal of landing-api. */
  seq: number | undefined;
  deliveries: LedgerEntry[];
  /** What the Telegram groups among the deliveries are called, by their ids. */
  groupTitles: ReadonlyMap<string, string>;
  waiting: Waiting[];
  facts: Fact[];
  deadLetters: DeadLetter[];
  calls: ProviderCall[];
  /** True when there were too many calls to look through all of them. */
  isCallsCut: boolean;
  /** The rows, or why there are none to show. */
  database: Rows | string;
}

/** @throws TransientError when the broker does not answer. */
export async function reportLead(bus: Bus, env: CliEnv, stored: StoredEvent): Promise<LeadReport> {
  const { lead, isQuarantined } = leadOf(stored);
  const { leadId } = lead;
  const deliveries = await createLedger(bus).ofLead(leadId);
  const since = new Date(lead.receivedAt);
  const [groupTitles, waiting, facts, deadLetters, calls, database] = await Promise.all([
    readTitles(bus, deliveries),
    findWaiting(bus, deliveries),
    readFacts(bus, deliveries),
    findDeadLetters(bus, { leadId, since }),
    readCalls(bus, leadId, since),
    readRows(env, leadId),
  ]);
  const { seq } = stored;
  const told = { deliveries, groupTitles, waiting, facts, deadLetters, ...calls, database };
  return { lead, isQuarantined, seq, ...told };
}

function leadOf({ event, seq }: StoredEvent): { lead: Lead; isQuarantined: boolean } {
  const created = leadTakenSchema.safeParse(event).data;
  if (created) return { lead: created.data, isQuarantined: false };
  const quarantined = eventSchemas['lead.quarantined.v1'].safeParse(event).data;
  if (quarantined) return { lead: quarantined.data, isQuarantined: true };
  throw new Error(`message ${seq} of LEADS is no lead that this version understands`);
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

async function readRows(env: CliEnv, leadId: string): Promise<Rows | string> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) {
    return 'not looked at: LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are not given';
  }
  // Loaded for this alone: it takes longer than everything else together, and few commands need it.
  const { createDatabase } = await import('@leadwire/shared/providers/supabase');
  const database = createDatabase({ project: 'landing', url, serviceKey });
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

async function queryRows(database: Database, leadId: string): Promise<Rows> {
  const ofLead = (order: string) => ({ column: 'lead_id', value: leadId, order });
  const [lead, notifications, shortLinks] = await Promise.all([
    database.rowById('landing_leads', leadId),
    database.rowsWith('scheduled_notifications', ofLead('channel')),
    database.rowsWith('short_links', ofLead('created_at')),
  ]);
  return { lead, notifications, shortLinks };
}

export type Found = { stored: StoredEvent } | { candidates: string[] };

/** A whole id, or its first characters when only one lead begins with them. */
export async function findLead(bus: Bus, id: string): Promise<Found> {
  const wanted = id.toLowerCase();
  const stored = WHOLE_ID.test(wanted)
    ? await bus.lastUnder('LEADS', subjects.anyLead(wanted))
    : undefined;
  if (stored || WHOLE_ID.test(wanted)) return stored ? { stored } : { candidates: [] };
  const manager = await bus.manager();
  const { state } = await manager.streams.info('LEADS', { subjects_filter: 'leads.>' });
  const all = Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1) ?? '');
  // One that was let out of quarantine is there twice.
  const found = [...new Set(all)].filter((leadId) => leadId.startsWith(wanted));
  const only = found.length === 1 ? found[0] : undefined;
  const one = only === undefined ? undefined : await bus.lastUnder('LEADS', subjects.anyLead(only));
  return one ? { stored: one } : { candidates: found };
}
const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the lead lies in landing-api's journal, if that is on this machine: `new/…json`. */
export async function findInJournal(dir: string, leadId: string): Promise<string | undefined> {
  for (const folder of ['new', 'refused']) {
    const files = await readdir(path.join(dir, folder)).catch(() => []);
    const file = files.find((name) => name.endsWith(`-${leadId.toLowerCase()}.json`));
    if (file !== undefined) return path.join(dir, folder, file);
  }
  return undefined;
}
