/**
 * What the notifier does: `planLead` turns a lead into planned deliveries, `sendDue` sends one when it
 * is due, `giveUp` records the end of one that could not be sent. Each can be repeated at any point:
 * the ledger decides what is left to do.
 */
import { AmbiguousError, SnoozeError, PermanentError, toError } from '@leadwire/shared/errors';
import type {
  Lead,
  LeadCreated,
  NotificationDue,
  PersonalChannel,
} from '@leadwire/shared/contract/events';
import {
  deliveryOf,
  isSettled,
  type Claim,
  type HeldEntry,
  type Ledger,
  type Settlement,
} from '@leadwire/shared/delivery/ledger';
import type { ShortLinks } from '@leadwire/shared/delivery/short-links';
import type { Channel, Due, Reconciled } from './channel.ts';
import { messagesFor } from './compose.ts';
import type { Publisher } from './publisher.ts';

/**
 * How long a claim holds: far longer than a provider call may take (15 s), so that nobody takes over
 * while a request is on its way.
 */
export const LEASE_MS = 60_000;

/** What must be left of a claim when the call begins: as long as a call may take, and some. */
const CALL_MS = 20_000;

/** Errors after which the mail may have been sent although the provider refused this request. */
const UNDECIDED_CODES = ['invalid_idempotent_request'];

const TURN_WENT_BY = 'the turn went by';

type OurClaim = Extract<Claim, { kind: 'claimed' | 'inherited' }>;

export interface Ports {
  ledger: Ledger;
  shortLinks: ShortLinks;
  publisher: Publisher;
  channels: Record<PersonalChannel, Channel>;
  /** Names this process in claims. */
  owner: string;
  delayMs: number;
  maxAgeMs: number;
  /** Where the short link of a lead's message leads. */
  linkFor: (lead: Lead) => string;
  now?: () => number;
}

export interface Notifier {
  planLead: (event: LeadCreated) => Promise<void>;
  sendDue: (event: NotificationDue) => Promise<void>;
  giveUp: (event: NotificationDue, error: Error) => Promise<void>;
}

export function createNotifier(ports: Ports): Notifier {
  const { ledger, publisher, channels, now = Date.now } = ports;

  const planMessage = async (lead: Lead, message: Pick<Due, 'channel' | 'template'>) => {
    const delivery = deliveryOf({ leadId: lead.leadId, ...message });
    const dueAt = new Date(Date.parse(lead.receivedAt) + ports.delayMs);
    const reason = channels[delivery.channel].unreachable(lead);
    if (reason !== undefined) {
      const settled: Settlement = { state: 'skipped', reason };
      const { entry } = await ledger.plan(delivery, { dueAt, settled });
      return publisher.outcome(entry);
    }
    const { code, url } = await ports.shortLinks.ensure(delivery, ports.linkFor(lead));
    const shortLink = { code, url };
    const { entry } = await ledger.plan(delivery, { dueAt, shortLink });
    await publisher.planned(entry);
    // Found as planned, an earlier run may have died before it scheduled; a second schedule replaces
    // the first, and if that one has fired already the ledger knows.
    if (entry.state === 'planned') {
      await publisher.schedule({ ...delivery, dueAt: entry.dueAt, shortLink, lead });
    }
  };

  const settle = async (held: HeldEntry, settlement: Settlement): Promise<void> => {
    await publisher.outcome(await ledger.settle(held, settlement));
  };

  const send = async (held: HeldEntry, channel: Channel): Promise<void> => {
    // A process that was suspended between claim and call may have been taken over meanwhile.
    if (Date.parse(held.entry.leaseUntil ?? '') - now() < CALL_MS) {
      throw new SnoozeError('the claim is too old to send under', LEASE_MS);
    }
    let providerId: string;
    try {
      providerId = await channel.send(held.entry);
    } catch (thrown) {
      const error = toError(thrown);
      if (error instanceof AmbiguousError) await ledger.abandon(held, error.message);
      else await ledger.release(held, error.message);
      throw thrown;
    }
    await settle(held, { state: 'sent', providerId });
  };

  /** Its turn went by: the provider wants a pause, or others came first. A claim does not wait for that. */
  const yieldClaim = async ({ kind, entry }: OurClaim): Promise<never> => {
    if (kind === 'claimed') await ledger.release(entry, TURN_WENT_BY);
    else await ledger.abandon(entry, TURN_WENT_BY);
    throw new SnoozeError(TURN_WENT_BY, 0);
  };

  const askProvider = async (held: HeldEntry, channel: Channel): Promise<Reconciled> => {
    try {
      return await channel.reconcile(held.entry);
    } catch (thrown) {
      await ledger.abandon(held, toError(thrown).message);
      throw thrown;
    }
  };

  /** The earlier sender died, or could not tell what happened. */
  const reconcile = async (held: HeldEntry, channel: Channel): Promise<void> => {
    const result = await askProvider(held, channel);
    switch (result.kind) {
      case 'sent':
        return settle(held, { state: 'sent', providerId: result.providerId });
      case 'undecided':
        return settle(held, { state: 'unknown', reason: result.reason });
      case 'not_sent':
        // Back to planned: a fresh claim is made before anything is sent.
        await ledger.release(held, 'an earlier attempt did not arrive');
        throw new SnoozeError('it was not sent: trying again', 0);
      case 'too_early':
        await ledger.abandon(held, 'waiting until the provider lists it');
        throw new SnoozeError('the provider may not list it yet', result.retryAfterMs);
    }
  };

  return {
    async planLead({ data: lead }) {
      for (const message of messagesFor[lead.kind]) await planMessage(lead, message);
    },

    async sendDue({ data: due }) {
      const channel = channels[due.channel];
      const known = await ledger.find(due);
      if (known && isSettled(known)) return publisher.outcome(known);
      const request = channel.compose(due);
      const { claimed: claim, isTurn } = await channel.turn(() =>
        ledger.claim(due, ports.owner, LEASE_MS, request),
      );
      switch (claim.kind) {
        case 'missing':
          throw new PermanentError('not_planned', 'the ledger does not know this delivery');
        case 'settled':
          return publisher.outcome(claim.entry);
        case 'busy':
          throw new SnoozeError('another sender holds it', claim.retryAfterMs);
        case 'inherited':
          if (!isTurn) return yieldClaim(claim);
          return reconcile(claim.entry, channel);
        case 'claimed':
          // By the ledger: a delivery that a person reopened is due from then on.
          if (now() - Date.parse(claim.entry.entry.dueAt) > ports.maxAgeMs) {
            return settle(claim.entry, { state: 'skipped', reason: 'stale' });
          }
          if (!isTurn) return yieldClaim(claim);
          return send(claim.entry, channel);
      }
    },

    async giveUp({ data: due }, error) {
      const claim = await ledger.claim(due, ports.owner, LEASE_MS, undefined);
      if (claim.kind === 'missing') return;
      if (claim.kind === 'settled') return publisher.outcome(claim.entry);
      if (claim.kind === 'busy')
        throw new SnoozeError('another sender holds it', claim.retryAfterMs);
      const reason = error instanceof PermanentError ? error.code : 'attempts_spent';
      // Claimed anew: no attempt had an effect. Inherited: nobody can say.
      const isUndecided = claim.kind === 'inherited' || UNDECIDED_CODES.includes(reason);
      const state = isUndecided ? 'unknown' : 'failed';
      await settle(claim.entry, { state, reason, error: error.message });
    },
  };
}
