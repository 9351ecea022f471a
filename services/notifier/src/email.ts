/** Mail through Resend. A repeat is safe for a day: same idempotency key, same frozen body. */
import type { Lead } from '@leadwire/shared/contract/events';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { mailSchema, type Mail, type ResendClient } from '@leadwire/shared/providers/resend';
import { copyId, isOurs, type Channel, type Due } from './channel.ts';
import type { Composer } from './compose.ts';

/** Resend forgets a key after 24 hours; an hour of margin for clocks that differ. */
const KEY_LIFE_MS = 23 * 60 * 60_000;

export interface EmailOptions {
  resend: ResendClient;
  composer: Composer;
  from: string;
  now?: () => number;
}

export function createEmailChannel(options: EmailOptions): Channel {
  const { resend, composer, from, now = Date.now } = options;

  const send = (entry: LedgerEntry): Promise<string> =>
    resend.send(mailSchema.parse(entry.request), copyId(entry), {
      leadId: entry.leadId,
      deliveryId: entry.deliveryId,
    });

  return {
    unreachable: (lead: Lead) => {
      if (lead.email !== null) return undefined;
      return lead.contactIssues.includes('email_invalid') ? 'email_invalid' : 'email_missing';
    },

    compose(due: Due): Mail {
      const { subject, html, text } = composer.mail(due);
      const tags = [
        { name: 'template', value: due.template },
        // What Resend tells of the mail later carries these, and nothing else that we know it by.
        { name: 'delivery_id', value: due.deliveryId },
        { name: 'lead_id', value: due.leadId },
      ];
      return { from, to: due.lead.email ?? '', subject, html, text, tags };
    },

    turn: (claim) => resend.turnWith(claim, isOurs),
    send,

    async reconcile(entry) {
      const firstTriedAt = Date.parse(entry.firstClaimAt ?? entry.dueAt);
      if (now() - firstTriedAt > KEY_LIFE_MS) {
        return { kind: 'undecided', reason: 'idempotency_key_expired' };
      }
      // Asking and sending are one call here: the key makes it one mail either way.
      return { kind: 'sent', providerId: await send(entry) };
    },
  };
}
