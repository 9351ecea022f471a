/** Mail: what it looks like, and who of the two providers sends it. */
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { Mail } from '@leadwire/shared/providers/resend';
import type { Channel, Sender } from './channel.ts';
import { recipientOf, type Composer } from './compose.ts';
import type { MailFallback } from './mail-fallback.ts';

export interface EmailOptions {
  composer: Composer;
  from: string;
  /** Sends every mail that it can. */
  resend: Sender;
  /** Takes over when Resend does not take mail. Without it every mail waits for Resend. */
  second?: { sender: Sender; fallback: Pick<MailFallback, 'isResendsTurn'> } | undefined;
}

export function createEmailChannel({ composer, from, resend, second }: EmailOptions): Channel {
  return {
    unreachable: ({ email, contactIssues }) => {
      if (email !== null) return undefined;
      return contactIssues.includes('email_invalid') ? 'email_invalid' : 'email_missing';
    },

    compose(due): Mail {
      const { subject, html, text } = composer.mail(due);
      const tags = [
        { name: 'template', value: due.template },
        // What providers tell of the mail later carries these, and nothing else that we know it by.
        { name: 'delivery_id', value: due.deliveryId },
        { name: due.about === 'message' ? 'message_id' : 'lead_id', value: due.leadId },
      ];
      return { from, to: recipientOf(due).email ?? '', subject, html, text, tags };
    },

    async sender(known) {
      if (!second) return resend;
      // Whoever may have it keeps it: the other one can only double it.
      if (known?.state === 'sending') return isWith(known, second.sender) ? second.sender : resend;
      return (await second.fallback.isResendsTurn()) ? resend : second.sender;
    },
  };
}

function isWith({ provider }: LedgerEntry, { name }: Sender): boolean {
  return provider === name;
}
