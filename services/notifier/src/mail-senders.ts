/** The two accounts that mails leave by. What an unanswered request may have done is found out by each in its own way. */
import { linkPlaceholder } from '@leadwire/shared/delivery/secret-links';
import {
  AmbiguousError,
  ChannelStoppedError,
  SnoozeError,
  TransientError,
} from '@leadwire/shared/errors';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { MailgunClient } from '@leadwire/shared/providers/mailgun';
import { mailSchema, type Mail, type ResendClient } from '@leadwire/shared/providers/resend';
import { callContext, copyId, isOurs, type Sender } from './channel.ts';
import type { LinkFor } from './link-for.ts';
import type { MailFallback } from './mail-fallback.ts';

/** Resend forgets a key after 24 hours; an hour of margin for clocks that differ. */
const KEY_LIFE_MS = 23 * 60 * 60_000;

interface Common {
  linkFor: LinkFor;
  now?: () => number;
}

export interface ResendSenderOptions extends Common {
  resend: ResendClient;
  /** Hears how Resend does, where there is somebody to fall back on. */
  fallback?: MailFallback | undefined;
}

/** A repeat is safe for a day: same idempotency key, same frozen body, same link. */
export function createResendSender(options: ResendSenderOptions): Sender {
  const { resend, fallback, linkFor, now = Date.now } = options;

  const post = async (entry: LedgerEntry): Promise<string> =>
    resend.send(await completeMail(entry, linkFor), copyId(entry), callContext(entry));

  const send = fallback ? watched(post, fallback, now) : post;

  return {
    name: 'resend',
    turn: (claim) => resend.turnWith(claim, isOurs),
    send,

    async reconcile(entry) {
      const firstTriedAt = Date.parse(entry.firstClaimAt ?? entry.dueAt);
      if (now() - firstTriedAt > KEY_LIFE_MS) {
        return { kind: 'undecided', reason: 'idempotency_key_expired' };
      }
      const waitMs = await fallback?.askAgainInMs();
      if (waitMs !== undefined && waitMs > 0) {
        throw new SnoozeError('Resend may have it, and is not answering', waitMs);
      }
      // Asking and sending are one call here: the key makes it one mail either way.
      try {
        return { kind: 'sent', providerId: await send(entry) };
      } catch (thrown) {
        // Waiting for Resend's return is no failure of this mail: it spends no attempts.
        if (fallback && thrown instanceof AmbiguousError && !thrown.outage) {
          throw new SnoozeError(thrown.message, fallback.probeGapMs);
        }
        throw thrown;
      }
    },
  };
}

/**
 * Tells the fallback how each request went. While Resend counts as down its failures are expected: they are kept from
 * the consumer, which would otherwise slow down mails that Mailgun takes.
 */
function watched(post: Sender['send'], fallback: MailFallback, now: () => number): Sender['send'] {
  return async (entry) => {
    const startedAt = now();
    try {
      const id = await post(entry);
      await fallback.succeeded(startedAt);
      return id;
    } catch (thrown) {
      const isStopped = thrown instanceof ChannelStoppedError;
      // Whoever is only asked to wait (429) takes mail.
      if (!isStopped && !(thrown instanceof AmbiguousError)) throw thrown;
      const isDown = await fallback.failed(isStopped ? 'stopped' : 'failing');
      if (!isDown) throw thrown;
      const options = { cause: thrown };
      throw isStopped
        ? new TransientError(thrown.message, options)
        : new AmbiguousError(thrown.message, options);
    }
  };
}

export interface MailgunSenderOptions extends Common {
  mailgun: MailgunClient;
  /** The sender in place of Resend's; its domain is verified with Mailgun. */
  from: string;
  /** How late Mailgun's events may be; until then that there is none proves nothing. */
  eventsLagMs: number;
}

/**
 * A repeat would be a second mail, so an unclear one is looked for, until Mailgun's own documents call their list of
 * events complete. What is not in it then was never taken.
 */
export function createMailgunSender(options: MailgunSenderOptions): Sender {
  const { mailgun, from, eventsLagMs, linkFor, now = Date.now } = options;
  return {
    name: 'mailgun',
    turn: (claim) => mailgun.turnWith(claim, isOurs),

    async send(entry) {
      const { to, subject, html, text, tags } = await completeMail(entry, linkFor);
      const names = {
        attemptId: copyId(entry),
        deliveryId: entry.deliveryId,
        template: entry.template,
        about: Object.fromEntries(
          tags.filter(({ name }) => /^(lead|message)_id$/.test(name)).map(toPair),
        ),
      };
      return mailgun.send({ from, to, subject, html, text }, names, callContext(entry));
    },

    async reconcile(entry) {
      const lastTriedAt = Date.parse(entry.lastClaimAt ?? entry.dueAt);
      const { to } = mailSchema.parse(entry.request);
      const triedAt = new Date(lastTriedAt);
      // What is not there yet when it is asked for proves nothing, however late the answer comes.
      const askedAt = now();
      const found = await mailgun.find(to, copyId(entry), triedAt, callContext(entry));
      if (found.kind === 'taken') return { kind: 'sent', providerId: found.id };
      if (found.kind === 'refused') return { kind: 'undecided', reason: 'mailgun_key_only_sends' };
      const lagLeftMs = lastTriedAt + eventsLagMs - askedAt;
      return lagLeftMs > 0
        ? { kind: 'too_early', retryAfterMs: Math.min(lagLeftMs, LOOK_AGAIN_MS) }
        : { kind: 'not_sent' };
    },
  };
}

/** Events usually come within seconds; the documents ask for 15 seconds or more between looks. */
const LOOK_AGAIN_MS = 30_000;

function toPair({ name, value }: Mail['tags'][number]): [string, string] {
  return [name, value];
}

/** The frozen mail with its one-time link in place of the placeholder. @throws PermanentError when the link is gone. */
async function completeMail(entry: LedgerEntry, linkFor: LinkFor): Promise<Mail> {
  const mail = mailSchema.parse(entry.request);
  const placeholder = linkPlaceholder(entry.leadId);
  if (!mail.text.includes(placeholder)) return mail;
  const link = await linkFor(entry.leadId, mail.to);
  return {
    ...mail,
    html: mail.html.replaceAll(placeholder, () => link.replaceAll('&', '&amp;')),
    text: mail.text.replaceAll(placeholder, () => link),
  };
}
