/**
 * The map: streams, buckets and subjects of Leadwire, as data. streams.ts has the streams, consumers.ts who works on them;
 * here they come together. `apply-topology.ts` makes the broker look like this; docs/EVENTS.md is compared with it.
 */
import { accessBuckets } from './access-tokens.ts';
import { redrivesInto } from './consumers.ts';
import { sequenceSubjects } from './sequences.ts';
import { staffSyncBucket, staffTelegramBucket } from './staff-streams.ts';
import { ownStreams, type StreamName, type StreamSpec } from './streams.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const withRedrives = (name: StreamName, spec: StreamSpec): StreamSpec => ({
  ...spec,
  subjects: [...spec.subjects, ...redrivesInto(name)],
});

/** Every stream with all that it takes. */
export const streams = Object.fromEntries(
  Object.entries<StreamSpec>(ownStreams).map(([name, spec]) => [
    name,
    withRedrives(name as StreamName, spec),
  ]),
) as Record<StreamName, StreamSpec>;

export interface BucketSpec {
  /** Milliseconds; 0 keeps keys for ever. */
  ttlMs: number;
  what: string;
}

export const buckets = {
  ...accessBuckets,
  deliveries: {
    ttlMs: 0,
    what: 'the delivery ledger: <leadId>.<channel>.<template> -> state; why nothing is sent twice',
  },
  intake_forms: {
    ttlMs: 0,
    what: 'the forms that may post leads, all under one key; the table is the original',
  },
  message_texts: {
    ttlMs: 0,
    what: 'words that people wrote in place of a message’s own; the table is the original',
  },
  pictures: {
    ttlMs: 0,
    what: 'hash of its bytes -> a picture of a mail; never changed, because mails point to it',
  },
  referral_codes: { ttlMs: 0, what: 'code of a referrer -> whose it is; no two have the same' },
  message_links: {
    ttlMs: 31 * DAY,
    what: '<messageId> -> the one-time link of its mail; removed when the mail has come to its end',
  },
  hook_tokens: {
    ttlMs: DAY,
    what: 'the token of a signed webhook (as a hash) -> what was told under it; why none is used twice',
  },
  staff_sync: staffSyncBucket,
  staff_telegram: staffTelegramBucket,
  short_links: { ttlMs: 0, what: 'code -> delivery and address; read at every click' },
  crm_map: {
    ttlMs: 0,
    what: 'lead, person (as a hash) or deal -> what stands in the CRM for it; why nothing is created twice',
  },
  telegram_groups: {
    ttlMs: 0,
    what: 'group -> its chat, the leads it gets and whether it can be reached; the table is its mirror',
  },
  telegram_codes: {
    ttlMs: 30 * DAY,
    what: 'activation code (as a hash) -> what it is for and whether it was used',
  },
  telegram_updates: {
    ttlMs: 2 * DAY,
    what: '<bot>.<update> -> it was handled; digest.<day>.<group> -> it was told; why neither happens twice',
  },
  telegram_alerts: {
    ttlMs: 0,
    what: 'what admin groups were told of each alert, and what came since',
  },
  lead_owners: {
    ttlMs: 0,
    what: 'lead -> the manager who took it by the button under its notice, and when; one wins',
  },
  telegram_students: {
    ttlMs: 0,
    what: 'student -> the chat with the mentor bot and what was told, and back',
  },
  locks: { ttlMs: DAY, what: 'who works on something just now, and until when; keys are hashes' },
  limits: {
    ttlMs: DAY,
    what: 'provider account -> when its next request may go out, what limit it told; person (as a keyed hash) or budget -> what was sent lately; how many leads came',
  },
  bounced: { ttlMs: 0, what: 'mail address (as a keyed hash) that does not exist -> since when' },
  erasures: {
    ttlMs: 0,
    what: 'contact (as a keyed hash) -> until when it was erased; certificates',
  },
  passes: {
    ttlMs: 7 * DAY,
    what: '<durable>.<stream sequence> -> how earlier deliveries ended: passes, failed attempts',
  },
} as const satisfies Record<string, BucketSpec>;
export type BucketName = keyof typeof buckets;

/** The window in which the broker recognises a repeated `Nats-Msg-Id`: a double click, not a memory. */
export const DUPLICATE_WINDOW_MS = 2 * MINUTE;

/** A digest of what a form sent, with each message about its lead: tells a repeat from another submission. */
export const CONTENT_HASH_HEADER = 'Leadwire-Content-Hash';

const firstOf = (subject: string) => subject.split('.', 1)[0];

/** What streams take, by the first token: each message that is published asks. */
const takers = Map.groupBy(
  Object.entries(streams).flatMap(([name, spec]) =>
    spec.subjects.map((pattern) => ({ name: name as StreamName, pattern })),
  ),
  ({ pattern }) => firstOf(pattern),
);

/** The stream that takes a subject. @throws TypeError when none does. */
export function streamOf(subject: string): StreamName {
  for (const { name, pattern } of takers.get(firstOf(subject)) ?? []) {
    if (isUnder(pattern, subject)) return name;
  }
  throw new TypeError(`no stream of the topology takes the subject ${subject}`);
}

/** Whether a subject matches a pattern: `*` stands for one token, `>` at the end for the rest. */
export function isUnder(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  const fits = wanted.every((token, index) =>
    token === '>' ? tokens.length > index : token === '*' || token === tokens[index],
  );
  return fits && (wanted.at(-1) === '>' || wanted.length === tokens.length);
}

/** Subjects carry ids, never personal data. */
export const subjects = {
  leadCreated: (kind: string, leadId: string) => `leads.created.${kind}.${leadId}`,
  leadQuarantined: (kind: string, leadId: string) => `leads.quarantined.${kind}.${leadId}`,
  leadReleased: (kind: string, leadId: string) => `leads.released.${kind}.${leadId}`,
  /** Whatever its kind and whether quarantined: one lead id is one message, and a second one when it was let out. */
  anyLead: (leadId: string) => `leads.*.*.${leadId}`,
  leadAssigned: (leadId: string, eventId: string) => `assignments.${leadId}.${eventId}`,
  intakeRejected: (rejectId: string) => `intake.rejected.${rejectId}`,
  notifyAt: (channel: string, deliveryId: string) => `notify.at.${channel}.${deliveryId}`,
  notifyDue: (channel: string, deliveryId: string) => `notify.due.${channel}.${deliveryId}`,
  telegramAt: (chatId: string, deliveryId: string) => `telegram.at.${chatId}.${deliveryId}`,
  telegramSend: (chatId: string, deliveryId: string) => `telegram.send.${chatId}.${deliveryId}`,
  delivery: (channel: string, outcome: string, deliveryId: string) =>
    `deliveries.${channel}.${outcome}.${deliveryId}`,
  campaignDelivery: (channel: string, outcome: string, recipientId: string) =>
    `campaign_deliveries.${channel}.${outcome}.${recipientId}`,
  /** By the event's id; what a link told by its recipient's, so that its page finds what was chosen last. */
  contactSuppressed: (id: string) => `contacts.suppressed.${id}`,
  contactRestored: (recipientId: string) => `contacts.restored.${recipientId}`,
  smsReport: (messageId: string) => `sms_reports.${messageId}`,
  crm: (outcome: string, leadId: string) => `crm.${outcome}.${leadId}`,
  crmChange: (dealOrLeadId: number | string) => `crm_changes.${dealOrLeadId}`,
  studentCreated: (studentId: string) => `students.created.${studentId}`,
  /** `*` as the lesson stands for every lesson. */
  lessonCompleted: (studentId: string, lesson: number | '*') =>
    `students.lesson_completed.${studentId}.${lesson}`,
  sale: (fact: string, studentId: string, saleId: string) => `sales.${fact}.${studentId}.${saleId}`,
  referral: (fact: 'registered' | 'clicked', about: string) => `referrals.${fact}.${about}`,
  messageRequested: (type: string, messageId: string) => `messages.requested.${type}.${messageId}`,
  campaignBatch: (campaignId: string, n: number) => `campaigns.batch.${campaignId}.${n}`,
  ...sequenceSubjects,
  staffChanged: (staffId: string) => `staff.changed.${staffId}`,
  /** `action` is two tokens: `staff.disabled`. */
  audit: (action: string, eventId: string) => `audit.${action}.${eventId}`,
  call: (service: string, status: string) => `calls.${service}.${status}`,
  alert: (severity: string, what: string) => `alerts.${severity}.${what}`,
  dead: (durable: string, subject: string) => `dead.${durable}.${subject}`,
  /** A fact for one durable once more; see docs/decisions/0008-redrive.md. */
  redrive: (durable: string, letterId: string, subject: string) =>
    `redrive.${durable}.${letterId}.${subject}`,
} as const;
