/**
 * Finds what no durable will ever hand out, and brings it back. Two kinds:
 * - an overdue delivery: the ledger says that it should have been sent long ago, and its stream of work
 *   holds no message for it that could still arrive (a schedule that was lost, or that did not fire);
 * - a stuck message: its durable has handed it out, does not wait for its end any more, and it is still
 *   in the stream of work (a delivery limit, a broker that lost the consumer's state).
 * Bringing back is harmless when it was not needed: the ledger decides whether anything is sent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerInfo } from 'nats';
import { NO_MESSAGE, apiCode } from '../broker/error-codes.ts';
import type { Bus } from '../broker/bus.ts';
import { eventSchemas, leadTakenSchema } from '../contract/events.ts';
import { LEDGER_STREAM, isSettled, ledgerKey, parseEntry, type LedgerEntry } from './ledger.ts';
import { publishNotice, scheduleDue } from './schedule.ts';
import { readStream } from '../broker/read-stream.ts';
import { createGroupReader } from './telegram-groups.ts';
import { consumers, type ConsumerName } from '../contract/consumers.ts';
import type { StreamName } from '../contract/streams.ts';
import { streams, subjects } from '../contract/topology.ts';

/** Late by less is ordinary: a lease that runs out, a retry, a busy provider. */
const GRACE_MS = 2 * 60_000;
/** Looked at in one sweep; what is beyond is found by the next one, oldest first. */
const MAX_OVERDUE = 1_000;
const SETTLING_MS = 200;

export interface StuckMessage {
  stream: StreamName;
  durable: ConsumerName;
  subject: string;
  seq: number;
  data: Uint8Array;
}

export interface Strays {
  overdue: LedgerEntry[];
  stuck: StuckMessage[];
}

export interface SweepResult {
  broughtBack: number;
  /** Overdue deliveries whose lead (or group) is not known any more: nothing can be made of them. */
  withoutLead: LedgerEntry[];
}

export interface Sweep {
  /** Changes nothing. */
  look(): Promise<Strays>;
  bringBack(strays: Strays): Promise<SweepResult>;
}

export interface RescueOptions {
  graceMs?: number;
  /** Ledger entries that were written last before this are left out of the first look. */
  since?: Date;
  now?: () => number;
}

/**
 * A sweep that remembers how far it has read the ledger: the first look reads every entry, later ones
 * only what was written since. All methods throw TransientError when the broker does not answer.
 */
export function createRescue(bus: Bus, options: RescueOptions = {}): Sweep {
  const { graceMs = GRACE_MS, since, now = Date.now } = options;
  const open = new Map<string, LedgerEntry>();
  let nextSeq: number | undefined;

  const readLedger = async (): Promise<void> => {
    const from = nextSeq === undefined ? { ...(since && { since }) } : { fromSeq: nextSeq };
    for await (const { seq, json } of readStream(bus, LEDGER_STREAM, from)) {
      nextSeq = seq + 1;
      const entry = parseEntry(json);
      if (!entry) continue;
      if (isSettled(entry)) open.delete(ledgerKey(entry));
      else open.set(ledgerKey(entry), entry);
    }
  };

  const findOverdue = async (): Promise<LedgerEntry[]> => {
    await readLedger();
    const before = now() - graceMs;
    const late = [...open.values()]
      .filter((entry) => expectedBy(entry) < before)
      .sort((a, b) => expectedBy(a) - expectedBy(b));
    if (late.length === 0) return [];
    const due = new Set([
      ...(await idsUnder(bus, 'NOTIFICATIONS', 'notify.due.>')),
      ...(await idsUnder(bus, 'TELEGRAM', 'telegram.send.>')),
    ]);
    const overdue: LedgerEntry[] = [];
    for (const entry of late) {
      if (overdue.length === MAX_OVERDUE) break;
      if (due.has(entry.deliveryId)) continue;
      if (!(await isScheduled(bus, entry, before))) overdue.push(entry);
    }
    return overdue;
  };

  return {
    look: async () => ({ overdue: await findOverdue(), stuck: await findStuck(bus) }),
    async bringBack({ overdue, stuck }) {
      const withoutLead: LedgerEntry[] = [];
      for (const message of stuck) await publishAgain(bus, message);
      for (const entry of overdue) {
        if (!(await scheduleAgain(bus, entry))) withoutLead.push(entry);
      }
      return { broughtBack: stuck.length + overdue.length - withoutLead.length, withoutLead };
    },
  };
}

/** When the delivery's message should have been handed out at the latest. */
function expectedBy({ state, dueAt, leaseUntil }: LedgerEntry): number {
  const due = Date.parse(dueAt);
  return state === 'sending' ? Math.max(due, Date.parse(leaseUntil ?? dueAt)) : due;
}

/** A retry that was postponed waits as a schedule; one that should have fired long ago never will. */
async function isScheduled(bus: Bus, entry: LedgerEntry, before: number): Promise<boolean> {
  const { channel, deliveryId } = entry;
  const waiting = await (channel === 'telegram'
    ? bus.lastUnder('TELEGRAM', subjects.telegramAt('*', deliveryId))
    : bus.lastUnder('NOTIFICATIONS', subjects.notifyAt(channel, deliveryId)));
  const at = Date.parse(waiting?.header('Nats-Schedule')?.replace('@at ', '') ?? '');
  return at >= before;
}

/**
 * Has the message of a planned delivery handed out when it is due, made again from what it belongs to (a lead, a
 * message of the platform) and the ledger. False when that or the group is gone, or a lead's delivery never had a
 * link. @throws TransientError
 */
export async function scheduleAgain(bus: Bus, entry: LedgerEntry): Promise<boolean> {
  const { deliveryId, leadId, channel, template, dueAt, shortLink } = entry;
  if (entry.about === 'message') return scheduleMessageAgain(bus, entry);
  const stored = await bus.lastUnder('LEADS', subjects.anyLead(leadId));
  const lead = leadTakenSchema.safeParse(stored?.event).data?.data;
  if (!lead) return false;
  if (channel === 'telegram') {
    const group = await createGroupReader(bus).byId(template);
    if (!group) return false;
    await publishNotice(bus, group.chatId, { deliveryId, leadId, channel, template, lead });
    return true;
  }
  if (!shortLink) return false;
  await scheduleDue(bus, { deliveryId, leadId, channel, template, dueAt, shortLink, lead });
  return true;
}

async function scheduleMessageAgain(bus: Bus, entry: LedgerEntry): Promise<boolean> {
  const { deliveryId, leadId, about, channel, template, dueAt } = entry;
  const stored = await bus.lastUnder('MESSAGES', subjects.messageRequested('*', leadId));
  const message = eventSchemas['message.requested.v1'].safeParse(stored?.event).data?.data;
  if (!message || channel === 'telegram') return false;
  await scheduleDue(bus, { deliveryId, leadId, about, channel, template, dueAt, message });
  return true;
}

/** The deliveries whose messages lie there: the last tokens of their subjects. */
async function idsUnder(bus: Bus, stream: StreamName, filter: string): Promise<string[]> {
  const manager = await bus.manager();
  const { state } = await manager.streams.info(stream, { subjects_filter: filter });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1) ?? '');
}

/**
 * Settled work is removed, and what is under way is counted by its durable: when more lies there than
 * that, some of it is stuck. Which of it cannot be asked, so all of it counts; a busy durable may hide
 * one until it is quiet.
 */
async function findStuck(bus: Bus): Promise<StuckMessage[]> {
  const stuck: StuckMessage[] = [];
  for (const [name, { stream }] of Object.entries(consumers)) {
    if (streams[stream].retention !== 'workqueue') continue;
    const durable = name as ConsumerName;
    const handedOut = await findHandedOut(bus, durable);
    if (handedOut.length === 0) continue;
    // An acknowledgement is counted a moment before the message is gone.
    await delay(SETTLING_MS);
    const { num_ack_pending: underWay } = await consumerInfo(bus, durable);
    const isThere = await Promise.all(handedOut.map(({ seq }) => bus.atSequence(stream, seq)));
    const left = handedOut.filter((_, index) => isThere[index]);
    if (left.length > underWay) stuck.push(...left);
  }
  return stuck;
}

async function findHandedOut(bus: Bus, durable: ConsumerName): Promise<StuckMessage[]> {
  const { stream, filters } = consumers[durable];
  const { delivered } = await consumerInfo(bus, durable);
  const found: StuckMessage[] = [];
  for (const subject of filters) {
    for await (const message of readStream(bus, stream, { subject })) {
      if (message.seq > delivered.stream_seq) break;
      found.push({ stream, durable, ...message });
    }
  }
  return found;
}

async function consumerInfo(bus: Bus, durable: ConsumerName): Promise<ConsumerInfo> {
  return (await bus.manager()).consumers.info(consumers[durable].stream, durable);
}

/** Published first, removed then: a crash between the two leaves a duplicate, never a gap. */
async function publishAgain(bus: Bus, { stream, subject, seq, data }: StuckMessage): Promise<void> {
  await bus.publish(subject, data, { msgId: `sweep:${stream}:${seq}` });
  try {
    await (await bus.manager()).streams.deleteMessage(stream, seq, false);
  } catch (thrown) {
    if (apiCode(thrown) !== NO_MESSAGE) throw thrown;
  }
}
