/**
 * Where a lead becomes a fact. What it promises: when `accept` returns, the lead is on the broker's
 * disk; the same submission is one lead, however often and however concurrently it is sent.
 */
import { TransientError } from '@leadwire/shared/errors';
import { makeEvent, type AnyEvent, type Lead } from '@leadwire/shared/events';
import { derivedId, newId } from '@leadwire/shared/ids';
import type { Bus, Published, StoredEvent } from '@leadwire/shared/bus';
import { subjects } from '@leadwire/shared/topology';

/** What was sent, in a digest: tells a repeat under one key from another submission under it. */
const CONTENT_HASH_HEADER = 'Leadwire-Content-Hash';

export interface Arrival {
  lead: Lead;
  isSpam: boolean;
  /** Of the form and everything that it sent. */
  contentHash: string;
  /** The sender named the submission by a key, and `lead.leadId` follows from it. */
  isKeyed: boolean;
}

export interface Acceptance {
  leadId: string;
  /** `conflict`: the key was used before, for something else; nothing was stored. */
  outcome: 'created' | 'duplicate' | 'conflict';
}

export interface Intake {
  /** @throws TransientError when it is not certain that the lead is stored: the sender tries again. */
  accept(arrival: Arrival): Promise<Acceptance>;
}

/** The id of a lead: it follows from the submission's key, at any time and on every replica. */
export function leadIdFor(key: string | undefined): string {
  return key === undefined ? newId() : derivedId('submission', key);
}

export function createIntake(bus: Bus): Intake {
  return {
    accept: (arrival) =>
      arrival.isKeyed ? acceptKeyed(bus, arrival) : acceptUnkeyed(bus, arrival),
  };
}

/** The truth about repeats is the retained subject: the stream takes one message for each lead id. */
async function acceptKeyed(bus: Bus, arrival: Arrival): Promise<Acceptance> {
  const { leadId } = arrival.lead;
  const { stored, existing } = await publishLead(bus, arrival, {
    onceUnder: subjects.anyLead(leadId),
  });
  if (stored) return { leadId, outcome: 'created' };
  const isSame = existing?.header(CONTENT_HASH_HEADER) === arrival.contentHash;
  return { leadId, outcome: isSame ? 'duplicate' : 'conflict' };
}

/** No key: equal content within the broker's window is a double click; later it is a new lead. */
async function acceptUnkeyed(bus: Bus, arrival: Arrival): Promise<Acceptance> {
  const { leadId } = arrival.lead;
  const { stored, existing } = await publishLead(bus, arrival, {
    msgId: `lead:${arrival.contentHash}`,
  });
  if (stored) return { leadId, outcome: 'created' };
  if (existing) return { leadId: leadIdOf(existing), outcome: 'duplicate' };
  // Somebody removed the first one from the stream; the broker still knows its message id.
  await publishLead(bus, arrival, { onceUnder: subjects.anyLead(leadId) });
  return { leadId, outcome: 'created' };
}

/** The one place where a lead is handed over: what takes leads while the broker is away belongs here. */
async function publishLead(
  bus: Bus,
  { lead, isSpam, contentHash }: Arrival,
  once: { msgId: string } | { onceUnder: string },
): Promise<Published> {
  const subject = isSpam
    ? subjects.leadQuarantined(lead.kind, lead.leadId)
    : subjects.leadCreated(lead.kind, lead.leadId);
  return bus.publish(subject, leadEvent(bus.name, lead, isSpam), {
    ...once,
    headers: { [CONTENT_HASH_HEADER]: contentHash },
  });
}

function leadEvent(source: string, lead: Lead, isSpam: boolean): AnyEvent {
  const type = isSpam ? 'lead.quarantined.v1' : 'lead.created.v1';
  return makeEvent(type, { source, subject: lead.leadId, data: lead });
}

function leadIdOf({ event, seq }: StoredEvent): string {
  const { subject } = event as { subject?: unknown };
  if (typeof subject === 'string') return subject;
  throw new TransientError(`message ${seq} of LEADS is no lead`);
}
