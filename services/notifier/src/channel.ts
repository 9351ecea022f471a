import type { NotificationDue } from '@leadwire/shared/contract/events';
import type { Claim, LedgerEntry } from '@leadwire/shared/delivery/ledger';

export type Due = NotificationDue['data'];

/** Whoever is written to: a lead, or the person of a platform's message. */
export interface Recipient {
  email: string | null;
  phone: string | null;
  contactIssues: readonly string[];
}

/** What became of a message whose sender died between the call and the record. */
export type Reconciled =
  | { kind: 'sent'; providerId: string }
  | { kind: 'not_sent' }
  /** The provider's listing may not show it yet: ask again later. */
  | { kind: 'too_early'; retryAfterMs: number }
  /** It cannot be found out; a person decides. `reason` is one token. */
  | { kind: 'undecided'; reason: string };

/** Whether a request follows from it. */
export function isOurs({ kind }: Claim): boolean {
  return kind === 'claimed' || kind === 'inherited';
}

/** A provider's account. The ledger knows by its name who has a message. */
export interface Sender {
  name: string;
  /** Waits for the turn of the provider's account, with the claim right before it, as `Limiter.acquireWith`. */
  turn(claim: () => Promise<Claim>): Promise<{ claimed: Claim; isTurn: boolean }>;
  /** Sends the frozen request of the entry once; returns the provider's id. */
  send(entry: LedgerEntry): Promise<string>;
  /** Finds out what became of an earlier send of this entry. Never sends it twice. */
  reconcile(entry: LedgerEntry): Promise<Reconciled>;
}

/** One way to reach a person: mail or SMS. Each lives in a file of its own. */
export interface Channel {
  /** Why this person cannot be reached this way, one token, or undefined. */
  unreachable(recipient: Recipient): string | undefined;
  /** What goes to the provider; the same for the same data, because it is frozen and may be repeated. */
  compose(due: Due): unknown;
  /** Who sends it now, by what the ledger says of it; an attempt that may have arrived stays with its provider. */
  sender(known: LedgerEntry | undefined): Promise<Sender>;
}

/**
 * What a provider knows the delivery by (idempotency key, token): its id, and another one for each copy
 * that a person asked for, because the provider would take that for a repeat.
 */
export function copyId({ deliveryId, copies = 0 }: LedgerEntry): string {
  return copies === 0 ? deliveryId : `${deliveryId}.${copies + 1}`;
}

/** What calls are logged under: the lead, if it is about one, and the delivery. */
export function callContext({ about, leadId, deliveryId }: LedgerEntry) {
  return about === undefined ? { leadId, deliveryId } : { deliveryId };
}
