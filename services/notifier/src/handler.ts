/**
 * What the notifier does: `planLead` and `planMessage` turn a lead or a message of the platform into planned
 * deliveries, `sendDue` sends one when it is due, `giveUp` records the end of one that could not be sent. Each can be repeated at any point:
 * the ledger decides what is left to do.
 */
import { AmbiguousError, SnoozeError, PermanentError, toError } from '@leadwire/shared/errors';
import type {
  Lead,
  LeadCreated,
  MessageRequested,
  NotificationDue,
  PersonalChannel,
} from '@leadwire/shared/contract/events';
import {
  deliveryOf,
  isSettled,
  type Claim,
  type HeldEntry,
  type Ledger,
  type LedgerEntry,
  type Settlement,
} from '@leadwire/shared/delivery/ledger';
import type { SecretLinks } from '@leadwire/shared/delivery/secret-links';
import type { PlatformMessage } from '@leadwire/shared/contract/messages';
import type { ShortLinks } from '@leadwire/shared/delivery/short-links';
import type { Channel, Due, Reconciled, Recipient, Sender } from './channel.ts';
import { messagesFor, messagesOf, personOf } from './compose.ts';
import type { Gate } from './gate.ts';
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
  /** Where one-time links wait for their mail. */
  secretLinks: Pick<SecretLinks, 'purge'>;
  publisher: Publisher;
  channels: Record<PersonalChannel, Channel>;
  gate: Gate;
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
  planMessage: (event: MessageRequested) => Promise<void>;
  sendDue: (event: NotificationDue) => Promise<void>;
  giveUp: (event: NotificationDue, error: Error) => Promise<void>;
}

export function createNotifier(ports: Ports): Notifier {
  const { ledger, publisher, channels, now = Date.now } = ports;

  /** Tells how a delivery ended, and removes the link that was kept for it. */
  const finish = async (entry: LedgerEntry): Promise<void> => {
    await publisher.outcome(entry);
    if (entry.about === 'message' && entry.channel === 'email') {
      await ports.secretLinks.purge(entry.leadId);
    }
  };

  /** Whatever keeps a delivery from being sent at all is decided here, for leads and messages alike. */
  const plan = async (
    due: Omit<Due, 'deliveryId' | 'shortLink'>,
    recipient: Recipient,
    linkTo?: string,
  ): Promise<void> => {
    const delivery = deliveryOf(due);
    const dueAt = new Date(due.dueAt);
    const reason = channels[delivery.channel].unreachable(recipient);
    if (reason !== undefined) {
      const settled: Settlement = { state: 'skipped', reason };
      const { entry } = await ledger.plan(delivery, { dueAt, settled });
      return finish(entry);
    }
    const link = linkTo === undefined ? undefined : await ports.shortLinks.ensure(delivery, linkTo);
    const shortLink = link && { code: link.code, url: link.url };
    const { entry } = await ledger.plan(delivery, { dueAt, ...(shortLink && { shortLink }) });
    await publisher.planned(entry);
    // Found as planned, an earlier run may have died before it scheduled; a second schedule replaces
    // the first, and if that one has fired already the ledger knows.
    if (entry.state === 'planned') {
      const { lead, message } = due;
      await publisher.schedule({ ...delivery, dueAt: entry.dueAt, shortLink, lead, message });
    }
  };

  /** One that was held goes out when it is let out: nothing of it is late then. */
  const planForLead = (
    { type, time, data: lead }: LeadCreated,
    message: Pick<Due, 'channel' | 'template'>,
  ) => {
    const usual = Date.parse(lead.receivedAt) + ports.delayMs;
    const from = type === 'lead.released.v1' ? Date.parse(time) : 0;
    const dueAt = new Date(Math.max(usual, from)).toISOString();
    return plan({ ...message, leadId: lead.leadId, dueAt, lead }, lead, ports.linkFor(lead));
  };

  const planForMessage = async (message: PlatformMessage): Promise<void> => {
    const { messageId: leadId, type, to, sendAt: dueAt } = message;
    for (const { channel, template, addressIn } of messagesOf[type]) {
      // The platform says which way to go: what it did not give is not missing.
      if (addressIn === undefined && to[channel === 'sms' ? 'phone' : 'email'] === null) continue;
      const due = { leadId, about: 'message' as const, channel, template, dueAt, message };
      await plan(due, personOf(message, template));
    }
  };

  const settle = async (held: HeldEntry, settlement: Settlement): Promise<void> => {
    await finish(await ledger.settle(held, settlement));
  };

  /** Ends it unsent, so that it does not count for its person and for the budget. Never for one that may have arrived. */
  const settleUnsent = async (due: Due, held: HeldEntry, settlement: Settlement): Promise<void> => {
    const entry = await ledger.settle(held, settlement);
    await ports.gate.giveBack(due);
    await finish(entry);
  };

  const skip = async (due: Due, reason: string): Promise<void> => {
    const claim = await ledger.claim(due, ports.owner, LEASE_MS, undefined);
    switch (claim.kind) {
      case 'claimed':
        return settleUnsent(due, claim.entry, { state: 'skipped', reason });
      case 'settled':
        return finish(claim.entry);
      case 'inherited':
        return yieldClaim(claim);
      case 'busy':
        throw new SnoozeError('another sender holds it', claim.retryAfterMs);
      case 'missing':
        throw new PermanentError('not_planned', 'the ledger does not know this delivery');
    }
  };

  // By the ledger: a delivery that a person reopened is due from then on.
  const isStale = ({ dueAt }: LedgerEntry) => now() - Date.parse(dueAt) > ports.maxAgeMs;

  const send = async (held: HeldEntry, sender: Sender): Promise<void> => {
    // A process that was suspended between claim and call may have been taken over meanwhile.
    if (Date.parse(held.entry.leaseUntil ?? '') - now() < CALL_MS) {
      throw new SnoozeError('the claim is too old to send under', LEASE_MS);
    }
    let providerId: string;
    try {
      providerId = await sender.send(held.entry);
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

  const askProvider = async (held: HeldEntry, sender: Sender): Promise<Reconciled> => {
    try {
      return await sender.reconcile(held.entry);
    } catch (thrown) {
      await ledger.abandon(held, toError(thrown).message);
      throw thrown;
    }
  };

  /** The earlier sender died, or could not tell what happened. */
  const reconcile = async (held: HeldEntry, sender: Sender): Promise<void> => {
    const result = await askProvider(held, sender);
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
    async planLead(event) {
      for (const message of messagesFor[event.data.kind]) await planForLead(event, message);
    },

    planMessage: ({ data: message }) => planForMessage(message),

    async sendDue({ data: due }) {
      const channel = channels[due.channel];
      const known = await ledger.find(due);
      if (known && isSettled(known)) return finish(known);
      // One that somebody may have sent is looked for, whatever the limits say.
      if (known?.state === 'planned') {
        const reason = isStale(known) ? 'stale' : await ports.gate.check(due, known);
        if (reason !== undefined) return skip(due, reason);
      }
      const request = channel.compose(due);
      const sender = await channel.sender(known);
      const { claimed: claim, isTurn } = await sender.turn(() =>
        ledger.claim(due, ports.owner, LEASE_MS, request, sender.name, known),
      );
      switch (claim.kind) {
        case 'missing':
          throw new PermanentError('not_planned', 'the ledger does not know this delivery');
        case 'settled':
          return finish(claim.entry);
        case 'busy':
          throw new SnoozeError('another sender holds it', claim.retryAfterMs);
        case 'inherited':
          // Somebody tried it through another provider since we looked: that one is asked.
          if (!isTurn || isWithAnother(claim.entry, sender)) return yieldClaim(claim);
          return reconcile(claim.entry, sender);
        case 'claimed':
          if (isStale(claim.entry.entry)) {
            return settleUnsent(due, claim.entry, { state: 'skipped', reason: 'stale' });
          }
          if (!isTurn) return yieldClaim(claim);
          return send(claim.entry, sender);
      }
    },

    async giveUp({ data: due }, error) {
      const claim = await ledger.claim(due, ports.owner, LEASE_MS, undefined);
      if (claim.kind === 'missing') return;
      if (claim.kind === 'settled') return finish(claim.entry);
      if (claim.kind === 'busy')
        throw new SnoozeError('another sender holds it', claim.retryAfterMs);
      const reason = error instanceof PermanentError ? error.code : 'attempts_spent';
      // Claimed anew: no attempt had an effect. Inherited: nobody can say.
      const isUndecided = claim.kind === 'inherited' || UNDECIDED_CODES.includes(reason);
      const { message } = error;
      if (isUndecided) return settle(claim.entry, { state: 'unknown', reason, error: message });
      await settleUnsent(due, claim.entry, { state: 'failed', reason, error: message });
    },
  };
}

function isWithAnother({ entry: { provider } }: HeldEntry, sender: Sender): boolean {
  return provider !== undefined && provider !== sender.name;
}
