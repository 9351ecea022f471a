/** SMS through Mobizon. A repeat would send and bill again, so an unclear one is looked for first. */
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import {
  smsSchema,
  type MobizonClient,
  type Sms,
} from '@leadwire/shared/providers/mobizon/messages';
import { callContext, copyId, isOurs, type Channel, type Sender } from './channel.ts';
import { recipientOf, type Composer } from './compose.ts';

export interface SmsOptions {
  mobizon: MobizonClient;
  composer: Composer;
  /** Registered sender name; the account's default when absent. */
  from: string | undefined;
  /** Why no SMS goes to this number, one token, or undefined. */
  refusal: (phone: string) => string | undefined;
  /** How long an accepted SMS may be missing from Mobizon's listing; undocumented, so generous. */
  listingLagMs: number;
  /** Hears how the sender's calls go. */
  watch: (sender: Sender) => Sender;
  now?: () => number;
}

export function createSmsChannel(options: SmsOptions): Channel {
  const { mobizon, composer, from, refusal, listingLagMs, now = Date.now } = options;

  const sender: Sender = {
    name: 'mobizon',
    turn: (claim) => mobizon.turnWith(claim, isOurs),

    send: (entry) => mobizon.send(smsSchema.parse(entry.request), token(entry), callContext(entry)),

    async reconcile(entry) {
      const lastTriedAt = Date.parse(entry.lastClaimAt ?? entry.dueAt);
      const sms = smsSchema.parse(entry.request);
      const triedAt = new Date(lastTriedAt);
      // What is not there yet when it is asked for proves nothing, however late the answer comes.
      const askedAt = now();
      const found = await mobizon.find(sms, token(entry), triedAt, callContext(entry));
      if (found !== undefined) return { kind: 'sent', providerId: found };
      const lagLeftMs = lastTriedAt + listingLagMs - askedAt;
      return lagLeftMs > 0 ? { kind: 'too_early', retryAfterMs: lagLeftMs } : { kind: 'not_sent' };
    },
  };

  return {
    unreachable: ({ phone, contactIssues }) => {
      if (phone === null) return 'phone_missing';
      return contactIssues.includes('phone_invalid') ? 'phone_invalid' : refusal(phone);
    },

    compose(due): Sms {
      const recipient = (recipientOf(due).phone ?? '').replace(/\D/g, '');
      return { recipient, text: composer.sms(due), ...(from !== undefined && { from }) };
    },

    sender: () => Promise.resolve(options.watch(sender)),
  };
}

/** Our name for the message at Mobizon: it is what a lost answer is recognised by. */
function token(entry: LedgerEntry): string {
  return `leadwire:${copyId(entry)}`;
}
