/**
 * What is looked at before a planned message goes out: whether it may go at all, and whether it may go now. The form is
 * open to everybody, so what a lead asks for is counted per person and held to a budget of SMS; the counts are in the
 * broker, by the delivery's id, so that repeats, restarts and replicas count it once.
 */
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import type { Quota, Rule } from '@leadwire/shared/coordination/quota';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { SmsBudget } from '@leadwire/shared/delivery/sms-budget';
import { SnoozeError } from '@leadwire/shared/errors';
import { quietUntil, type QuietHours } from '@leadwire/shared/runtime/quiet-hours';
import type { Channel, Due } from './channel.ts';
import type { BouncedAddresses } from './bounced.ts';
import { recipientOf } from './compose.ts';

const DAY_MS = 24 * 60 * 60_000;

/** The same template to one person within a day: one SMS; three mails, because people take a test again. */
const SAME_TEMPLATE = { sms: 1, email: 3 };

export interface GateOptions {
  channels: Record<Due['channel'], Pick<Channel, 'unreachable'>>;
  quota: Pick<Quota, 'take' | 'giveBack'>;
  budget: Pick<SmsBudget, 'take' | 'giveBack'>;
  bounced: Pick<BouncedAddresses, 'has'>;
  /** Whether what was received then is of somebody who was erased since, by the hash of their contact. */
  isErased: (hash: string, receivedAt: string) => Promise<boolean>;
  /** Of CONTACT_HASH_SECRET. */
  secret: string;
  /** Messages from leads to one person a day. */
  perDay: Record<Due['channel'], number>;
  /** When no lead's SMS goes out. */
  quietHours: QuietHours | 'none';
  timeZone: string;
  now?: () => number;
}

export interface Gate {
  /**
   * Why a planned message will never go, one token, or undefined when it may go now. It counts from then on.
   * @throws SnoozeError when it has to wait; TransientError when the broker does not answer.
   */
  check(due: Due, known: LedgerEntry): Promise<string | undefined>;
  /** It ended without having been sent, so it does not count. */
  giveBack(due: Due): Promise<void>;
}

export function createGate(options: GateOptions): Gate {
  const { quota, budget, bounced, secret, perDay, now = Date.now } = options;

  const hashOf = (due: Due): string => {
    const { email, phone } = recipientOf(due);
    return contactHash(secret, (due.channel === 'sms' ? phone : email) ?? '');
  };
  const personKey = (due: Due) => `person.${due.channel}.${hashOf(due)}`;

  const rulesFor = (channel: Due['channel']): Rule[] => [
    { withinMs: DAY_MS, most: SAME_TEMPLATE[channel], isOfSame: true },
    { withinMs: DAY_MS, most: perDay[channel] },
  ];

  const isOverLimit = async (due: Due, { reopenedFor }: LedgerEntry): Promise<boolean> => {
    const { deliveryId: id, template: what, channel } = due;
    const taken = await quota.take({ key: personKey(due), id, what, rules: rulesFor(channel) });
    // Somebody of ours looked at it and wants it sent.
    return !taken.isGranted && reopenedFor === undefined;
  };

  const waitOutQuietHours = (): void => {
    const until = quietUntil(options.quietHours, options.timeZone, new Date(now()));
    if (until) throw new SnoozeError('quiet hours', until.getTime() - now());
  };

  return {
    async check(due, known) {
      const reason = options.channels[due.channel].unreachable(recipientOf(due));
      if (reason !== undefined) return reason;
      const { receivedAt } = due.lead ?? due.message ?? {};
      const isMail = due.channel === 'email';
      const [wasErased, hasBounced] = await Promise.all([
        receivedAt && options.isErased(hashOf(due), receivedAt),
        isMail && due.about !== 'message' && bounced.has(hashOf(due)),
      ]);
      if (wasErased) return 'erased';
      if (due.about !== 'message') {
        if (due.channel === 'sms') waitOutQuietHours();
        if (hasBounced) return 'suppressed';
        if (await isOverLimit(due, known)) return 'person_limit';
      }
      if (due.channel === 'sms') await budget.take(due.deliveryId);
      return undefined;
    },

    async giveBack(due) {
      if (due.about !== 'message') await quota.giveBack(personKey(due), due.deliveryId);
      if (due.channel === 'sms') await budget.giveBack(due.deliveryId);
    },
  };
}
