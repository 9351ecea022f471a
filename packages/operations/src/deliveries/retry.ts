/**
 * Messages of a lead that ended badly, tried once more: also those without a dead letter, because what became of them
 * could not be found out. The ledger is opened first; a crash before the message is scheduled leaves a stray, which
 * the rescue finds.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Channel } from '@leadwire/shared/contract/events';
import {
  createLedger,
  isSettled,
  type LedgerEntry,
  type SettledState,
} from '@leadwire/shared/delivery/ledger';
import { scheduleAgain } from '@leadwire/shared/delivery/rescue';
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';
import { DeliveryError } from './delivery-error.ts';

export interface RetryWanted {
  /** All channels when left out. */
  channel?: Channel | undefined;
  /** Also messages that may have been sent: the person may get them twice. */
  isUnknownToo?: boolean;
}

export interface RetryForeseen {
  /** The lead's messages on these channels, and those of them that would be sent. */
  all: LedgerEntry[];
  chosen: LedgerEntry[];
}

const statesOf = ({ isUnknownToo = false }: RetryWanted): SettledState[] =>
  isUnknownToo ? ['failed', 'unknown'] : ['failed'];

/** What `retryDeliveries` would do now. Changes nothing. @throws TransientError */
export async function foreseeRetry(
  bus: Bus,
  leadId: string,
  wanted: RetryWanted,
): Promise<RetryForeseen> {
  const from = statesOf(wanted);
  const all = (await createLedger(bus).ofLead(leadId)).filter(
    ({ channel }) => wanted.channel === undefined || channel === wanted.channel,
  );
  return { all, chosen: all.filter((entry) => isSettled(entry) && from.includes(entry.state)) };
}

/**
 * Hands out what failed once more, and resolves with the messages that were: none is no error, and what somebody else
 * handed out meanwhile is left alone.
 * @throws DeliveryError `gone`; TransientError when the broker does not answer: the same call again finishes it
 */
export function retryDeliveries(
  { bus, actor }: ActingParts,
  leadId: string,
  wanted: RetryWanted,
): Promise<LedgerEntry[]> {
  const { channel, isUnknownToo = false } = wanted;
  const details = { isUnknownToo, ...(channel && { channel }) };
  return audited(
    bus,
    { actor, action: 'delivery.retried', subject: leadId, details },
    async () => {
      const { chosen } = await foreseeRetry(bus, leadId, wanted);
      const retried: LedgerEntry[] = [];
      for (const entry of chosen) {
        if (await retryOne(bus, entry, statesOf(wanted))) retried.push(entry);
      }
      return retried;
    },
    (retried) => ({ messages: retried.map((entry) => `${entry.channel}.${entry.template}`) }),
  );
}

/** False when it is on its way again already. */
async function retryOne(bus: Bus, entry: LedgerEntry, from: SettledState[]): Promise<boolean> {
  const reopened = await createLedger(bus).reopen(entry, { from, cause: new Date() });
  if (reopened.kind !== 'reopened') return false;
  if (await scheduleAgain(bus, reopened.entry)) return true;
  throw new DeliveryError(
    'gone',
    `The ${entry.channel} cannot be made again: its lead or link is gone.`,
  );
}
