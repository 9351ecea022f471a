/** What becomes of a mail by the clock: queued -> sent -> delivered, or a worse end. */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import {
  addressOf,
  recipientsOf,
  type LastEvent,
  type Mail,
  type MailStatus,
} from '../store/mail.ts';
import type { ResendSettings } from './settings.ts';

export type Suppression = { address: string; reason: 'bounced' | 'complained' };

/** Hears every event of every mail, in order. */
export type MailListener = (mail: Mail, event: LastEvent, detail: Record<string, unknown>) => void;

export type MailStore = {
  world: World;
  settings: () => ResendSettings;
  listener: MailListener;
  mails: Table<Mail>;
  statuses: Table<MailStatus>;
  suppressions: Table<Suppression>;
};

const BOUNCE = {
  message: 'The recipient address rejected the mail.',
  type: 'Permanent',
  subType: 'General',
};
const SUPPRESSED = {
  message: 'The recipient address is on the suppression list of the account.',
  type: 'OnAccountSuppressionList',
};

/** Records an event of a mail and tells the listener. */
export function moveMail(
  { world, mails, statuses, listener }: MailStore,
  id: string,
  event: LastEvent,
  detail: Record<string, unknown> = {},
): void {
  const [mail, status] = [mails.get(id), statuses.get(id)];
  if (mail === undefined || status === undefined) return;
  const history = [...status.history, { event, at: world.clock.now() }];
  statuses.put(id, { ...status, lastEvent: event, history });
  listener(mail, event, detail);
  world.changed();
}

/** Enters a mail into the ledger of effects, unless everyone it is for is suppressed. */
export function recordMail(all: MailStore, mail: Mail): void {
  if (isSuppressed(all, mail)) return;
  all.world.effects.record({
    provider: 'resend',
    kind: 'mail',
    id: mail.id,
    to: recipientsOf(mail).map(addressOf),
    from: mail.from,
    subject: mail.subject,
    html: mail.html,
    text: mail.text,
    headers: mail.headers,
    tags: mail.tags,
    idempotencyKey: mail.idempotencyKey,
  });
}

/** Plans the next step from where the mail stands; after a restart that may be the middle. */
export function carryOn(all: MailStore, mail: Mail): void {
  const status = all.statuses.get(mail.id);
  const step = status && nextStep(all, mail, status);
  if (status === undefined || step === undefined) return;
  const { clock } = all.world;
  clock.schedule(clock.now() + step.afterMs, () => {
    const current = all.statuses.get(mail.id);
    // Canceled, rescheduled or moved by hand meanwhile.
    if (current?.lastEvent !== status.lastEvent) return;
    if (current.scheduledAt !== status.scheduledAt) return;
    step.run();
    carryOn(all, mail);
  });
}

function nextStep(
  all: MailStore,
  mail: Mail,
  status: MailStatus,
): { afterMs: number; run: () => void } | undefined {
  const { sentAfterMs, deliveredAfterMs } = all.settings();
  if (status.lastEvent === 'scheduled') {
    const afterMs = (status.scheduledAt ?? 0) - all.world.clock.now();
    return { afterMs, run: () => release(all, mail, status) };
  }
  if (status.lastEvent === 'queued') {
    const detail = isSuppressed(all, mail) ? { suppressed: SUPPRESSED } : undefined;
    const event = detail === undefined ? 'sent' : 'suppressed';
    return { afterMs: sentAfterMs, run: () => moveMail(all, mail.id, event, detail) };
  }
  if (status.lastEvent === 'sent') {
    return { afterMs: deliveredAfterMs - sentAfterMs, run: () => end(all, mail) };
  }
  return undefined;
}

/** A scheduled mail's time has come: only now is it sent. */
function release(all: MailStore, mail: Mail, status: MailStatus): void {
  all.world.store.transaction(() => {
    recordMail(all, mail);
    all.statuses.put(mail.id, { ...status, lastEvent: 'queued' });
  });
}

function end(all: MailStore, mail: Mail): void {
  const addresses = mail.to.map(addressOf);
  const bounced = addresses.find((each) => isTestAddress(each, 'bounced'));
  const complained = addresses.find((each) => isTestAddress(each, 'complained'));
  if (bounced !== undefined) {
    all.suppressions.put(bounced, { address: bounced, reason: 'bounced' });
    moveMail(all, mail.id, 'bounced', { bounce: BOUNCE });
    return;
  }
  moveMail(all, mail.id, 'delivered');
  if (complained === undefined) return;
  all.suppressions.put(complained, { address: complained, reason: 'complained' });
  moveMail(all, mail.id, 'complained');
}

function isSuppressed({ suppressions }: MailStore, mail: Mail): boolean {
  return mail.to
    .map(addressOf)
    .every((each) => suppressions.get(each) !== undefined || isTestAddress(each, 'suppressed'));
}

/** `bounced@resend.dev`, also with a label: `bounced+lead1@resend.dev` (docs "Send Test Emails"). */
function isTestAddress(address: string, kind: string): boolean {
  const [name = '', domain] = address.split('@');
  return domain === 'resend.dev' && name.split('+')[0] === kind;
}
