/**
 * Where a lead becomes a fact. What it promises:
 *
 * - When `accept` returns, the lead is on a disk: the broker's or, when the broker is away, refuses, or
 *   takes longer than `timeoutMs`, this machine's (journal.ts). From there it goes to the broker
 *   (drain.ts), as the same event under the same id, however often either of them is killed.
 * - With a key, the same submission is one lead, at any time and on every replica. Other content under a
 *   used key is a person behind a cached page: a lead of its own, flagged `key_conflict`, whose id follows
 *   from key and content. While the broker is away the conflict is known only for what this process
 *   remembers; anything else is journalled and compared at the drain.
 * - Without a key, equal content within two minutes is a double click and one lead. While the broker is
 *   away this process knows only its own leads: a double click of which each half reaches another
 *   replica, or which has a restart in between, is two leads then. An id that was answered is
 *   never taken back, not even for that.
 * - When it throws, neither disk is certain to have the lead; sending it again is right.
 */
import type { Bus, Published, StoredEvent } from '@leadwire/shared/broker/bus';
import { TransientError, toError } from '@leadwire/shared/errors';
import type { QuarantineReason } from '@leadwire/shared/contract/alert-facts';
import type { Lead } from '@leadwire/shared/contract/events';
import { derivedId, newId } from '@leadwire/shared/contract/ids';
import { CONTENT_HASH_HEADER } from '@leadwire/shared/contract/topology';
import type { Log } from '@leadwire/shared/runtime/log';
import type { FloodGate } from './flood-gate.ts';
import type { HeldAlerts } from './held-alerts.ts';
import type { Journal } from './journal.ts';
import {
  doubleClickId,
  isDoubleClick,
  keyConflictFact,
  leadEvent,
  publishLead,
  type LeadFact,
} from './lead-fact.ts';
import { createRecentLeads } from './recent-leads.ts';

/** A refusal by a broker that is connected counts as its state for so long; leads try it all the same. */
const REFUSAL_COUNTS_MS = 30_000;

export interface Arrival {
  lead: Lead;
  /** Why it is held, if it is. */
  quarantine: QuarantineReason | undefined;
  /** Of the form and everything that it sent. */
  contentHash: string;
  /** The sender named the submission by a key, and `lead.leadId` follows from it. */
  isKeyed: boolean;
}

export interface Acceptance {
  leadId: string;
  outcome: 'created' | 'journalled' | 'duplicate';
}

/** An acceptance, and why the lead is held, if it is. */
export type Accepted = Acceptance & { quarantine: QuarantineReason | undefined };

/** `conflict`: the key was used before, for something else; nothing was stored yet. */
interface Conflict {
  leadId: string;
  outcome: 'conflict';
}
type Attempt = Acceptance | Conflict;

export interface Intake {
  /** @throws TransientError when it is not certain that the lead is stored: the sender tries again. */
  accept(arrival: Arrival): Promise<Accepted>;
  /** Why no lead can be taken just now, in words, or undefined: one of the two disks is enough. */
  problem(): string | undefined;
}

export interface IntakePorts {
  bus: Bus;
  journal: Journal;
  log: Log;
  flood: Pick<FloodGate, 'arrive'>;
  held: Pick<HeldAlerts, 'note'>;
  /** How long the broker may take before the journal takes the lead, in milliseconds. */
  timeoutMs: number;
}

/** The id of a lead: it follows from the submission's key, at any time and on every replica. */
export function leadIdFor(key: string | undefined): string {
  return key === undefined ? newId() : derivedId('submission', key);
}

/** Knows the double clicks of leads that the journal holds from before. */
export function createIntake(ports: IntakePorts): Intake {
  const { bus, journal, log, flood, held, timeoutMs } = ports;
  const recent = createRecentLeads(journal.waiting());
  const underWay = new Map<string, Promise<Acceptance>>();
  let refusal: { message: string; at: number } | undefined;

  const recordAnswer = (error: Error | undefined): void => {
    if (error && error.message !== refusal?.message) {
      log.warn({ err: error }, 'the broker does not take leads: the journal does');
    }
    if (!error && refusal) log.info('the broker takes leads again');
    refusal = error && { message: error.message, at: Date.now() };
  };

  /** Undefined when the broker failed or is slow: the attempt goes on and may still arrive. */
  const inTime = async (attempt: Promise<Published>): Promise<Published | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      const error = () => new TransientError(`the broker took longer than ${timeoutMs} ms`);
      timer = setTimeout(() => reject(error()), timeoutMs);
    });
    try {
      const published = await Promise.race([attempt, tooLate]);
      recordAnswer(undefined);
      return published;
    } catch (thrown) {
      recordAnswer(toError(thrown));
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  const remember = ({ event, contentHash, isKeyed }: LeadFact): void => {
    const { leadId, receivedAt } = event.data;
    recent.remember({ leadId, contentHash, isKeyed, receivedAt: Date.parse(receivedAt) });
  };

  /** Into the journal; when that fails too, what is left is an attempt that has not failed yet. */
  const journalled = async (fact: LeadFact, attempt: Promise<Published>): Promise<Attempt> => {
    const { leadId } = fact.event.data;
    let held: { isNew: boolean; contentHash: string };
    try {
      held = await journal.put(fact);
    } catch (thrown) {
      const published = await attempt.catch(() => undefined);
      if (!published) throw thrown;
      return outcomeOf(fact, published);
    }
    if (held.isNew) return { leadId, outcome: 'journalled' };
    return repeated(leadId, held.contentHash === fact.contentHash);
  };

  /** The truth about repeats is the retained subject: the stream takes one message for each lead id. */
  const tryKey = async (fact: LeadFact): Promise<Attempt> => {
    const { leadId } = fact.event.data;
    const held = await journal.find(leadId);
    if (held) return repeated(leadId, held.contentHash === fact.contentHash);
    const attempt = publishLead(bus, fact);
    const published = await inTime(attempt);
    const known = recent.findContent(leadId);
    if (!published && known !== undefined) return repeated(leadId, known === fact.contentHash);
    const acceptance = published ? outcomeOf(fact, published) : await journalled(fact, attempt);
    if (acceptance.outcome !== 'conflict') remember(fact);
    return acceptance;
  };

  /** Under an id that follows from the content, what is there already can only be the same. */
  const acceptKeyed = async (fact: LeadFact): Promise<Acceptance> => {
    const first = await tryKey(fact);
    if (!isConflict(first)) return first;
    const { leadId } = first;
    const second = await tryKey(keyConflictFact(fact));
    log.warn({ leadId: second.leadId, keyOf: leadId }, 'a key came again with another submission');
    return isConflict(second) ? { leadId: second.leadId, outcome: 'duplicate' } : second;
  };

  /** No key: equal content within two minutes is a double click; later it is a new lead. */
  const acceptUnkeyed = async (fact: LeadFact): Promise<Acceptance> => {
    const { leadId } = fact.event.data;
    const receivedAt = Date.parse(fact.event.data.receivedAt);
    const earlier = recent.findDoubleClick(fact);
    // The broker does not know of it before the drain.
    if (earlier !== undefined && (await journal.find(earlier))) return duplicateOf(earlier);

    let attempt = publishLead(bus, fact, { msgId: doubleClickId(fact) });
    let published = await inTime(attempt);
    if (published && !published.stored) {
      const { existing } = published;
      if (existing && isDoubleClick(receivedAt, receivedAtOf(existing))) {
        return duplicateOf(leadIdOf(existing));
      }
      // Removed from the stream by a person, or received long ago and stored a moment ago.
      attempt = publishLead(bus, fact);
      published = await inTime(attempt);
    }
    if (!published && earlier !== undefined) return duplicateOf(earlier);
    const acceptance: Attempt = published
      ? { leadId, outcome: 'created' }
      : await journalled(fact, attempt);
    // An id of its own, made a moment ago: nothing else can hold its place.
    if (isConflict(acceptance)) throw new TransientError(`the place of ${leadId} is taken`);
    if (acceptance.outcome !== 'duplicate') remember(fact);
    return acceptance;
  };

  /** One at a time for each content, so that a double click cannot become two attempts. */
  const acceptOnce = async (fact: LeadFact): Promise<Acceptance> => {
    const first = underWay.get(fact.contentHash);
    if (first) return duplicateOf((await first).leadId);
    const work = acceptUnkeyed(fact);
    underWay.set(fact.contentHash, work);
    try {
      return await work;
    } finally {
      underWay.delete(fact.contentHash);
    }
  };

  return {
    async accept({ lead, contentHash, isKeyed, ...arrival }) {
      const arrived = flood.arrive();
      const quarantine = arrival.quarantine ?? (arrived.isHeld ? 'flood' : undefined);
      const fact = { event: leadEvent(bus.name, lead, quarantine), contentHash, isKeyed };
      try {
        const acceptance = await (isKeyed ? acceptKeyed(fact) : acceptOnce(fact));
        if (acceptance.outcome === 'duplicate') arrived.cancel();
        else if (quarantine !== undefined) held.note(lead, quarantine);
        return { ...acceptance, quarantine };
      } catch (thrown) {
        arrived.cancel();
        throw thrown;
      }
    },

    problem() {
      const journalProblem = journal.problem();
      const isRefused = refusal !== undefined && Date.now() - refusal.at < REFUSAL_COUNTS_MS;
      if (journalProblem === undefined || (bus.isConnected() && !isRefused)) return undefined;
      return `the broker does not take leads, and ${journalProblem}`;
    },
  };
}

function duplicateOf(leadId: string): Acceptance {
  return { leadId, outcome: 'duplicate' };
}

function repeated(leadId: string, isSame: boolean): Attempt {
  return { leadId, outcome: isSame ? 'duplicate' : 'conflict' };
}

function isConflict(attempt: Attempt): attempt is Conflict {
  return attempt.outcome === 'conflict';
}

function outcomeOf({ event, contentHash, isKeyed }: LeadFact, published: Published): Attempt {
  const { leadId } = event.data;
  const { stored, existing } = published;
  if (stored || !existing) return { leadId, outcome: stored ? 'created' : 'conflict' };
  if (!isKeyed) return duplicateOf(leadIdOf(existing));
  return repeated(leadId, existing.header(CONTENT_HASH_HEADER) === contentHash);
}

/** Milliseconds since 1970; not a number for a message that is no lead. */
function receivedAtOf({ event }: StoredEvent): number {
  const { data } = (event ?? {}) as { data?: { receivedAt?: unknown } };
  return Date.parse(String(data?.receivedAt));
}

function leadIdOf({ event, seq }: StoredEvent): string {
  const { subject } = (event ?? {}) as { subject?: unknown };
  if (typeof subject === 'string') return subject;
  throw new TransientError(`message ${seq} of LEADS is no lead`);
}
