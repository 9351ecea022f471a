/** The mails that Mailgun holds, and what happened to them. Two requests are two mails, however alike they are. */
import { addressOf, type LastEvent, type Mail, type MailStatus } from '../../resend/store/mail.ts';
import type { World } from '../../world/provider.ts';
import type { MailgunSettings } from '../lifecycle/settings.ts';

/** An event as the list of events and webhooks have it. */
export type MailgunEvent = {
  id: string;
  event: string;
  /** Unix seconds. */
  timestamp: number;
  recipient: string;
  severity?: 'permanent' | 'temporary';
  reason?: string;
  tags: string[];
  flags: { 'is-test-mode': boolean };
  'user-variables': Record<string, string>;
  message: { headers: { 'message-id': string; to: string; from: string; subject: string } };
};

/** A checked request, ready to be taken. */
export type MailgunDraft = Pick<Mail, 'from' | 'to' | 'subject' | 'html' | 'text' | 'headers'> & {
  variables: Record<string, string>;
  tags: string[];
  isTest: boolean;
};

type Kept = { mail: Mail; draft: MailgunDraft };
type Suppression = { address: string; reason: 'bounce' | 'complaint' | 'unsubscribe' };

/** What the page's words call an event. */
const SHOWN_AS: Record<string, LastEvent> = {
  accepted: 'queued',
  delivered: 'delivered',
  failed: 'bounced',
  rejected: 'failed',
  complained: 'complained',
  opened: 'opened',
  clicked: 'clicked',
  unsubscribed: 'complained',
};
const SUPPRESSES: Record<string, Suppression['reason']> = {
  complained: 'complaint',
  unsubscribed: 'unsubscribe',
};

/** Opens the mailbox over the world's store. `listener` hears every event in order. */
export function createMailgunMails(
  world: World,
  settings: () => MailgunSettings,
  listener: (event: MailgunEvent) => void,
) {
  const kept = world.store.table<Kept>('mailgun-mails');
  const statuses = world.store.table<MailStatus>('mailgun-status');
  const events = world.store.table<MailgunEvent>('mailgun-events');
  const suppressions = world.store.table<Suppression>('mailgun-suppressions');

  const happen = (
    { mail, draft }: Kept,
    event: string,
    detail: Partial<Pick<MailgunEvent, 'severity' | 'reason'>> = {},
  ): void => {
    const at = world.clock.now();
    for (const recipient of mail.to.map(addressOf)) {
      const entry: MailgunEvent = {
        id: world.random.uuid(),
        event,
        timestamp: at / 1_000,
        recipient,
        ...detail,
        tags: draft.tags,
        flags: { 'is-test-mode': draft.isTest },
        'user-variables': draft.variables,
        message: {
          headers: {
            'message-id': mail.messageId,
            to: mail.to.join(', '),
            from: mail.from,
            subject: mail.subject,
          },
        },
      };
      events.put(entry.id, entry);
      const reason = SUPPRESSES[event];
      if (reason !== undefined) suppressions.put(recipient, { address: recipient, reason });
      listener(entry);
    }
    const lastEvent = SHOWN_AS[event] ?? 'sent';
    const history = [...(statuses.get(mail.id)?.history ?? []), { event: lastEvent, at }];
    statuses.put(mail.id, { id: mail.id, lastEvent, scheduledAt: null, history });
    world.changed();
  };

  /** From "accepted" on; a test mail is accepted and nothing more. */
  const carryOn = (one: Kept): void => {
    const { mail, draft } = one;
    if (statuses.get(mail.id)?.lastEvent !== 'queued' || draft.isTest) return;
    world.clock.schedule(world.clock.now() + settings().deliveredAfterMs, () => {
      if (statuses.get(mail.id)?.lastEvent === 'queued') end(one);
    });
  };

  const end = (one: Kept): void => {
    const [address = ''] = one.mail.to.map(addressOf);
    const refused = suppressions.get(address);
    const { authorisedRecipients: only } = settings();
    if (refused) {
      happen(one, 'failed', { severity: 'permanent', reason: `suppress-${refused.reason}` });
    } else if (only !== null && !only.includes(address)) {
      happen(one, 'rejected', { reason: 'Sandbox subdomains are for test purposes only' });
    } else if (/^bounced(\+|@)/.test(address)) {
      suppressions.put(address, { address, reason: 'bounce' });
      happen(one, 'failed', { severity: 'permanent', reason: 'bounce' });
    } else happen(one, 'delivered');
  };

  /** Takes a mail; to be called inside a transaction. Returns its id with brackets, as the answer has it. */
  const accept = (draft: MailgunDraft, domain: string): string => {
    const id = world.random.uuid();
    const messageId = `${world.clock.now()}.${world.random.text(16, '0123456789abcdef')}@${domain}`;
    const tags = Object.entries(draft.variables).map(([name, value]) => ({ name, value }));
    const { from, to, subject, html, text, headers } = draft;
    const content = { from, to, subject, html, text, headers, tags };
    const mail: Mail = {
      ...content,
      id,
      messageId,
      createdAt: world.clock.now(),
      idempotencyKey: null,
      cc: null,
      bcc: null,
      replyTo: null,
      attachments: [],
      topicId: null,
    };
    const one = { mail, draft };
    kept.put(id, one);
    const { authorisedRecipients: only } = settings();
    const addresses = to.map(addressOf);
    const reaches = (address: string) =>
      suppressions.get(address) === undefined && (only === null || only.includes(address));
    if (!draft.isTest && addresses.some(reaches)) {
      // The id by which the provider tells of it afterwards.
      const effect = { provider: 'mailgun' as const, kind: 'mail' as const, id: messageId };
      world.effects.record({ ...effect, ...content, to: addresses, idempotencyKey: null });
    }
    happen(one, 'accepted');
    carryOn(one);
    return `<${messageId}>`;
  };

  return {
    accept,
    /** By the page's id, or by what the answer and the effects call it. */
    find: (id: string) => kept.get(id) ?? kept.all().find(({ mail }) => mail.messageId === id),
    status: (id: string) => statuses.get(id),
    newestFirst: () =>
      kept
        .all()
        .map(({ mail }) => mail)
        .reverse(),
    count: () => kept.size(),
    /** In the order of happening. */
    events: () => events.all(),
    happen,
    resume: () => kept.all().forEach(carryOn),
  };
}

export type MailgunMails = ReturnType<typeof createMailgunMails>;
