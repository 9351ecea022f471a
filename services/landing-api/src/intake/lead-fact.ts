/** A lead as it is told to the others: its event, and how a repeat of it is recognised. */
import { z } from 'zod';
import type { Bus, PublishOptions, Published } from '@leadwire/shared/broker/bus';
import { newEvent, publishMade } from '@leadwire/shared/broker/publish-event';
import type { QuarantineReason } from '@leadwire/shared/contract/alert-facts';
import { eventSchemas, type Lead } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import { CONTENT_HASH_HEADER, DUPLICATE_WINDOW_MS } from '@leadwire/shared/contract/topology';

export const leadEventSchema = z.discriminatedUnion('type', [
  eventSchemas['lead.created.v1'],
  eventSchemas['lead.quarantined.v1'],
]);
export type LeadEvent = z.infer<typeof leadEventSchema>;

export interface LeadFact {
  /** Made once: every later attempt to store the lead carries the same event. */
  event: LeadEvent;
  /** Of the form and everything that it sent. */
  contentHash: string;
  /** The sender named the submission by a key, and the lead's id follows from it. */
  isKeyed: boolean;
}

/** The event of a lead that has just come in. `quarantine` is why it is held, if it is. */
export function leadEvent(source: string, lead: Lead, quarantine?: QuarantineReason): LeadEvent {
  if (quarantine === undefined) return newEvent(source, 'lead.created.v1', lead);
  return newEvent(source, 'lead.quarantined.v1', { ...lead, quarantine });
}

/**
 * The lead of a submission whose key was used before for another one: the same person's facts under an id
 * that follows from key and content, so that its own repeats are it and nobody else's lead hides it.
 */
export function keyConflictFact({ event, ...rest }: LeadFact): LeadFact {
  const leadId = derivedId('submission-content', `${event.data.leadId}:${rest.contentHash}`);
  const contactIssues: Lead['contactIssues'] = [...event.data.contactIssues, 'key_conflict'];
  const data = { ...event.data, leadId, contactIssues };
  return { ...rest, event: newEvent(event.source, event.type, data) };
}

/**
 * Stores the lead unless the stream has one with this id. Every attempt carries that condition, so
 * an attempt that was given up and reaches the broker late cannot store a second copy.
 * @throws TransientError when the broker did not confirm it; it may be stored all the same.
 */
export function publishLead(
  bus: Pick<Bus, 'publish'>,
  { event, contentHash }: LeadFact,
  options: Pick<PublishOptions, 'msgId'> = {},
): Promise<Published> {
  return publishMade(bus, event, { ...options, headers: { [CONTENT_HASH_HEADER]: contentHash } });
}

/** The message id under which the broker recognises a double click on a form without a key. */
export function doubleClickId({ contentHash }: Pick<LeadFact, 'contentHash'>): string {
  return `lead:${contentHash}`;
}

/**
 * True when two equal submissions without a key are one person's double click. The broker's window
 * counts from when it stored the first one, which may be long after that was received; so the
 * times of receipt decide.
 */
export function isDoubleClick(receivedAt: number, otherReceivedAt: number): boolean {
  return Math.abs(receivedAt - otherReceivedAt) <= DUPLICATE_WINDOW_MS;
}
