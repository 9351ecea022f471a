/** Whether somebody left their contacts before: a manager speaks otherwise with whom they know. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lead } from '@leadwire/shared/contract/events';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import type { LeadLookup } from './lead-lookup.ts';

/** A notice waits this long for the table; it is worth more than what it may lack. */
const PATIENCE_MS = 2_000;
/** Several groups ask for the same lead. */
const REMEMBERED = 500;

/** Earlier leads of the same person: how many, and when the last one came. */
export interface Earlier {
  count: number;
  lastAt: Date;
}

/** Finds them by number and address; undefined when there are none, or nobody knows just now. Never throws. */
export function createEarlierLeads(lookup: LeadLookup | undefined, log: Log) {
  const known = new Map<string, Promise<Earlier | undefined>>();

  const find = async (lead: Lead): Promise<Earlier | undefined> => {
    const { phone, email, leadId, receivedAt } = lead;
    if (!lookup || (phone === null && email === null)) return undefined;
    const contact = { ...(phone !== null && { phone }), ...(email !== null && { email }) };
    const all = await lookup(contact);
    const before = all.filter(
      ({ id, created_at: at }) => id !== leadId && at.getTime() < Date.parse(receivedAt),
    );
    const [last] = before;
    return last && { count: before.length, lastAt: last.created_at };
  };

  return (lead: Lead): Promise<Earlier | undefined> => {
    const asked = known.get(lead.leadId);
    if (asked) return asked;
    const answer = find(lead).catch((thrown: unknown) => {
      log.warn({ leadId: lead.leadId, err: toError(thrown) }, 'earlier leads were not found');
      known.delete(lead.leadId);
      return undefined;
    });
    const inTime = Promise.race([answer, delay(PATIENCE_MS, undefined, { ref: false })]);
    known.set(lead.leadId, inTime);
    dropOldest(known, REMEMBERED);
    return inTime;
  };
}
