/** The mails that Resend holds. */
import type { World } from '../../world/provider.ts';
import type { LastEvent, MailDraft } from './mail.ts';
import {
  carryOn,
  moveMail,
  recordMail,
  type MailListener,
  type MailStore,
} from '../lifecycle/mail-lifecycle.ts';
import type { ResendSettings } from '../lifecycle/settings.ts';

/** Opens the mailbox over the world's store. */
export function createMailbox(
  world: World,
  settings: () => ResendSettings,
  listener: MailListener,
) {
  const all: MailStore = {
    world,
    settings,
    listener,
    mails: world.store.table('resend-mails'),
    statuses: world.store.table('resend-status'),
    suppressions: world.store.table('resend-suppressions'),
  };
  return {
    accept: (draft: MailDraft, idempotencyKey: string | null) => accept(all, draft, idempotencyKey),
    get: (id: string) => all.mails.get(id),
    status: (id: string) => all.statuses.get(id),
    /** Newest first. */
    newestFirst: () => all.mails.all().reverse(),
    count: () => all.mails.size(),
    move: (id: string, event: LastEvent, detail: Record<string, unknown> = {}) =>
      moveMail(all, id, event, detail),
    reschedule: (id: string, at: number) => reschedule(all, id, at),
    suppressions: () => all.suppressions.all(),
    /** Goes on with the mails that a former process left on their way. */
    resume: () => all.mails.all().forEach((mail) => carryOn(all, mail)),
  };
}

export type Mailbox = ReturnType<typeof createMailbox>;

/** Takes a checked mail in; to be called inside a transaction. Returns its id. */
function accept(all: MailStore, draft: MailDraft, idempotencyKey: string | null): string {
  const { random, clock } = all.world;
  const { scheduledAt, ...content } = draft;
  const id = random.uuid();
  const messageId = `<${random.uuid()}@eu-west-1.amazonses.com>`;
  const mail = { ...content, id, messageId, createdAt: clock.now(), idempotencyKey };
  const lastEvent = scheduledAt === null ? 'queued' : 'scheduled';
  all.mails.put(id, mail);
  all.statuses.put(id, { id, lastEvent, scheduledAt, history: [] });
  if (scheduledAt === null) recordMail(all, mail);
  else all.listener(mail, 'scheduled', {});
  carryOn(all, mail);
  all.world.changed();
  return id;
}

/** Gives a scheduled mail another time. */
function reschedule(all: MailStore, id: string, at: number): void {
  const [mail, status] = [all.mails.get(id), all.statuses.get(id)];
  if (mail === undefined || status === undefined) return;
  all.statuses.put(id, { ...status, scheduledAt: at });
  carryOn(all, mail);
}
