/** SMS through Mobizon. A repeat would send and bill again, so an unclear one is looked for first. */
import type { Lead } from '@leadwire/shared/contract/events';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import {
  smsSchema,
  type MobizonClient,
  type Sms,
} from '@leadwire/shared/providers/mobizon/messages';
import { copyId, isOurs, type Channel, type Due } from './channel.ts';
import type { Composer } from './compose.ts';

export interface SmsOptions {
  mobizon: MobizonClient;
  composer: Composer;
  /** Registered sender name; the account's default when absent. */
  from: string | undefined;
  /** How long an accepted SMS may be missing from Mobizon's listing; undocumented, so generous. */
  listingLagMs: number;
  now?: () => number;
}

export function createSmsChannel(options: SmsOptions): Channel {
  const { mobizon, composer, from, listingLagMs, now = Date.now } = options;

  return {
    unreachable: (lead: Lead) => {
      if (lead.phone === null) return 'phone_missing';
      return lead.contactIssues.includes('phone_invalid') ? 'phone_invalid' : undefined;
    },

    compose(due: Due): Sms {
      const recipient = (due.lead.phone ?? '').replace(/\D/g, '');
      return { recipient, text: composer.sms(due), ...(from !== undefined && { from }) };
    },

    turn: (claim) => mobizon.turnWith(claim, isOurs),

    send: (entry) => mobizon.send(smsSchema.parse(entry.request), token(entry), context(entry)),

    async reconcile(entry) {
      const lastTriedAt = Date.parse(entry.lastClaimAt ?? entry.dueAt);
      const sms = smsSchema.parse(entry.request);
      const found = await mobizon.find(sms, token(entry), new Date(lastTriedAt), context(entry));
      if (found !== undefined) return { kind: 'sent', providerId: found };
      const lagLeftMs = lastTriedAt + listingLagMs - now();
      return lagLeftMs > 0 ? { kind: 'too_early', retryAfterMs: lagLeftMs } : { kind: 'not_sent' };
    },
  };
}

/** Our name for the message at Mobizon: it is what a lost answer is recognised by. */
function token(entry: LedgerEntry): string {
  return `leadwire:${copyId(entry)}`;
}

function context({ leadId, deliveryId }: LedgerEntry) {
  return { leadId, deliveryId };
}
