/** The mails that Resend holds and what becomes of each: queued -> sent -> delivered, or a worse end. */
import type { World } from '../world/provider.ts';
import {
  addressOf,
  recipientsOf,
  type LastEvent,
  type Mail,
  type MailDraft,
  type MailStatus,
} from './mail.ts';
import type { ResendSettings } from './settings.ts';

export type MailEventDetail = Record<string, unknown>;
/** Hears every event of every mail, in order. */
export type MailListener = (mail: Mail, event: LastEvent, detail: MailEventDetail) => void;

type Suppression = { address: string; reason: 'bounced' | 'complained' };

const BOUNCE = {
  message: 'The recipient address rejected the mail.',
  type: 'Permanent',
  subType: 'General',
};

/** Opens the mailbox over the world's store. */
export function createMailbox(
  world: World,
  settings: () => ResendSettings,
  listener: MailListener,
) {
  const { clock, store, random, effects } = world;
  const mails = store.table<Mail>('resend-mails');
  const statuses = store.table<MailStatus>('resend-status');
  const suppressions = store.table<Suppression>('resend-suppressions');

  const move = (id: string, event: LastEvent, detail: MailEventDetail = {}): void => {
    const mail = mails.get(id);
    const status = statuses.get(id);
    if (mail === undefined || status === undefined) return;
    const history = [...status.history, { event, at: clock.now() }];
    statuses.put(id, { ...status, lastEvent: event, history });
    listener(mail, event, detail);
    world.changed();
  };
  const recordEffect = (mail: Mail): void =>
    effects.record({
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
  const isSuppressed = (mail: Mail): boolean =>
    mail.to
      .map(addressOf)
      .every((each) => suppressions.get(each) ?? isTestAddress(each, 'suppressed'));

  const end = (mail: Mail): void => {
    const addresses = mail.to.map(addressOf);
    const bounced = addresses.find((each) => isTestAddress(each, 'bounced'));
    const complained = addresses.find((each) => isTestAddress(each, 'complained'));
    if (bounced !== undefined) {
      suppressions.put(bounced, { address: bounced, reason: 'bounced' });
      move(mail.id, 'bounced', { bounce: BOUNCE });
      return;
    }
    move(mail.id, 'delivered');
    if (complained === undefined) return;
    suppressions.put(complained, { address: complained, reason: 'complained' });
    move(mail.id, 'complained');
  };
  /** Goes on from where the mail stands; after a restart that may be the middle. */
  const carryOn = (mail: Mail): void => {
    const status = statuses.get(mail.id);
    const later = (ms: number, step: () => void) =>
      clock.schedule(clock.now() + ms, () => {
        const current = statuses.get(mail.id);
        if (current?.lastEvent !== status?.lastEvent) return;
        if (current?.scheduledAt !== status?.scheduledAt) return;
        step();
        carryOn(mail);
      });
    if (status?.lastEvent === 'scheduled') {
      later((status.scheduledAt ?? 0) - clock.now(), () =>
        store.transaction(() => {
          recordEffect(mail);
          statuses.put(mail.id, { ...status, lastEvent: 'queued' });
        }),
      );
    }
    if (status?.lastEvent === 'queued' && isSuppressed(mail)) {
      later(settings().sentAfterMs, () =>
        move(mail.id, 'suppressed', {
          suppressed: { message: 'The address is suppressed.', type: 'OnAccountSuppressionList' },
        }),
      );
    } else if (status?.lastEvent === 'queued')
      later(settings().sentAfterMs, () => move(mail.id, 'sent'));
    if (status?.lastEvent === 'sent') {
      later(settings().deliveredAfterMs - settings().sentAfterMs, () => end(mail));
    }
  };

  return {
    /** Takes a checked mail in; call it inside a transaction. Returns its id. */
    accept({ scheduledAt, ...draft }: MailDraft, idempotencyKey: string | null): string {
      const id = random.uuid();
      const messageId = `<${random.uuid()}@eu-west-1.amazonses.com>`;
      const mail: Mail = { ...draft, id, messageId, createdAt: clock.now(), idempotencyKey };
      mails.put(id, mail);
      statuses.put(id, {
        id,
        lastEvent: scheduledAt === null ? 'queued' : 'scheduled',
        scheduledAt,
        history: [],
      });
      if (scheduledAt === null && !isSuppressed(mail)) recordEffect(mail);
      if (scheduledAt !== null) listener(mail, 'scheduled', {});
      carryOn(mail);
      world.changed();
      return id;
    },
    get: (id: string) => mails.get(id),
    status: (id: string) => statuses.get(id),
    /** Newest first. */
    newestFirst: () => mails.all().reverse(),
    count: () => mails.size(),
    move,
    /** Gives a scheduled mail another time. */
    reschedule(id: string, at: number): void {
      const [mail, status] = [mails.get(id), statuses.get(id)];
      if (mail === undefined || status === undefined) return;
      statuses.put(id, { ...status, scheduledAt: at });
      carryOn(mail);
    },
    suppressions: () => suppressions.all(),
    /** Goes on with the mails that a former process left on their way. */
    resume(): void {
      for (const mail of mails.all()) carryOn(mail);
    },
  };
}

export type Mailbox = ReturnType<typeof createMailbox>;

/** `bounced@resend.dev`, also with a label: `bounced+lead1@resend.dev` (docs "Send Test Emails"). */
function isTestAddress(address: string, kind: string): boolean {
  return new RegExp(`^${kind}(\\+[^@]*)?@resend\\.dev$`).test(address);
}
