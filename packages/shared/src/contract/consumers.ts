/**
 * Every durable consumer of Leadwire, as data: which service works on what, how much at once, how often. The redrive
 * subject of each, and the time that nearly all of them have for a sign of life, are derived.
 */
import type { StreamName } from './streams.ts';
import { sequenceConsumers } from './sequences.ts';
import { identityConsumers } from './staff-streams.ts';

interface Row {
  stream: StreamName;
  filters: readonly string[];
  /** Handlers that run at once in one process; never more messages than this are taken. */
  concurrency: number;
  /** Attempts before a message goes to DEAD_LETTERS. */
  attempts: number;
  /** One at a time among all processes, in the order of the stream. */
  inOrder?: true;
  /** What it failed to do is planned anew from the fact behind it, and not given to it once more. */
  isRedriven?: false;
  what: string;
}

export interface ConsumerSpec extends Row {
  /** Milliseconds without a sign of life after which the broker gives the message to another worker. */
  ackWaitMs: number;
}

/** A consumer says that it is alive every third of this, so only a process that died comes so far. */
const ACK_WAIT_MS = 30_000;

const table = {
  'notifier-plan': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'plans the messages of each lead',
  },
  'notifier-messages': {
    stream: 'MESSAGES',
    filters: ['messages.requested.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'plans the messages of the platform',
  },
  'notifier-email': {
    stream: 'NOTIFICATIONS',
    filters: ['notify.due.email.*'],
    // On a fast account; on one of a few calls a second it is 8 (services/notifier/src/app.ts).
    concurrency: 200,
    attempts: 12,
    isRedriven: false,
    what: 'sends due mails',
  },
  'notifier-sms': {
    stream: 'NOTIFICATIONS',
    filters: ['notify.due.sms.*'],
    concurrency: 4,
    attempts: 12,
    isRedriven: false,
    what: 'sends due SMS',
  },
  'notifier-bounces': {
    stream: 'CONTACTS',
    filters: ['contacts.suppressed.*'],
    concurrency: 16,
    attempts: 10,
    what: 'remembers mail addresses that do not exist',
  },
  'lead-store-leads': {
    stream: 'LEADS',
    filters: ['leads.>'],
    concurrency: 200,
    attempts: 10,
    what: 'writes lead rows',
  },
  'lead-store-rejects': {
    stream: 'INTAKE',
    filters: ['intake.rejected.*'],
    concurrency: 50,
    attempts: 10,
    what: 'writes posts of forms that made no lead',
  },
  'lead-store-deliveries': {
    stream: 'DELIVERIES',
    filters: ['deliveries.>'],
    concurrency: 200,
    attempts: 10,
    what: 'writes delivery statuses',
  },
  'lead-store-calls': {
    stream: 'CALLS',
    filters: ['calls.>'],
    concurrency: 200,
    attempts: 5,
    what: 'writes integration_logs',
  },
  'lead-store-crm': {
    stream: 'DELIVERIES',
    filters: ['crm.*.*', 'assignments.*.*'],
    concurrency: 200,
    attempts: 10,
    what: 'writes what became of deals, and who has which lead',
  },
  'lead-store-audit': {
    stream: 'AUDIT',
    filters: ['audit.>'],
    concurrency: 200,
    attempts: 10,
    what: 'writes audit_log',
  },
  'lead-store-sales': {
    stream: 'SALES',
    filters: ['sales.*.*.*'],
    concurrency: 200,
    attempts: 10,
    what: 'writes sales and refunds',
  },
  'lead-store-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*'],
    concurrency: 200,
    attempts: 10,
    what: 'ties students to people',
  },
  'referrals-leads': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'notes who was brought by whom',
  },
  'referrals-sales': {
    stream: 'SALES',
    filters: ['sales.*.*.*'],
    concurrency: 1,
    attempts: 10,
    // The tier of a commission is that of the moment: the order of sales decides.
    inOrder: true,
    what: 'makes commissions of sales, and takes them back',
  },
  'referrals-facts': {
    stream: 'REFERRALS',
    filters: ['referrals.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'writes referrers and counts their clicks',
  },
  ...identityConsumers,
  'crm-sync': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*'],
    concurrency: 8,
    attempts: 12,
    what: 'makes each lead a deal in AmoCRM',
  },
  'crm-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*', 'students.lesson_completed.*.*'],
    concurrency: 4,
    attempts: 12,
    what: 'moves the deals of students',
  },
  'crm-changes': {
    stream: 'CRM_CHANGES',
    filters: ['crm_changes.*'],
    concurrency: 4,
    attempts: 12,
    what: 'looks at deals that people moved in AmoCRM',
  },
  'telegram-plan': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'plans a notice of each lead for each Telegram group',
  },
  'telegram-send': {
    stream: 'TELEGRAM',
    filters: ['telegram.send.*.*'],
    // Most of them wait for their group's turn and then go out together.
    concurrency: 200,
    attempts: 12,
    isRedriven: false,
    what: 'sends notices to Telegram groups',
  },
  'telegram-alerts': {
    stream: 'ALERTS',
    filters: ['alerts.*.*'],
    concurrency: 200,
    attempts: 12,
    what: 'tells admin groups what a person should look at',
  },
  'telegram-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*', 'students.lesson_completed.*.*'],
    concurrency: 4,
    attempts: 12,
    what: 'writes to students who linked their chat',
  },
  'tripwire-leads': {
    stream: 'LEADS',
    filters: ['leads.>'],
    concurrency: 200,
    attempts: 10,
    what: 'writes lead_tracking of the second project',
  },
  'tripwire-deliveries': {
    stream: 'DELIVERIES',
    filters: ['deliveries.>'],
    concurrency: 200,
    attempts: 10,
    what: 'writes delivery statuses of the second project',
  },
  'mailer-batch': {
    stream: 'CAMPAIGNS',
    filters: ['campaigns.batch.*.*'],
    // A batch takes half a second from its rendering to its end: enough of them to use up an account of 50 calls a second.
    concurrency: 32,
    attempts: 10,
    isRedriven: false,
    what: 'sends batches of campaigns',
  },
  'mailer-outcomes': {
    stream: 'DELIVERIES',
    filters: ['campaign_deliveries.*.*.*'],
    concurrency: 200,
    attempts: 10,
    what: 'writes what became of campaign copies',
  },
  'mailer-suppressions': {
    stream: 'CONTACTS',
    filters: ['contacts.suppressed.*', 'contacts.restored.*'],
    concurrency: 100,
    attempts: 10,
    what: 'writes who must not get campaigns any more, and who wants them again',
  },
  'mailer-sms-reports': {
    stream: 'SMS_REPORTS',
    filters: ['sms_reports.*'],
    concurrency: 100,
    attempts: 12,
    what: 'asks Mobizon what became of SMS',
  },
  ...sequenceConsumers,
} as const satisfies Record<string, Row>;
export type ConsumerName = keyof typeof table;

/** What a fact is published under to be given to one consumer once more (docs/decisions/0008-redrive.md). */
const redrivesOf = (name: string): string => `redrive.${name}.>`;

const complete = (name: string, row: Row): ConsumerSpec => ({
  ...row,
  filters: row.isRedriven === false ? row.filters : [...row.filters, redrivesOf(name)],
  ackWaitMs: ACK_WAIT_MS,
});

export const consumers = Object.fromEntries(
  Object.entries(table).map(([name, row]) => [name, complete(name, row)]),
) as Record<ConsumerName, ConsumerSpec>;

/** The redrive subjects that a stream takes: one for each of its consumers. */
export const redrivesInto = (stream: StreamName): string[] =>
  Object.entries<Row>(table)
    .filter(([, row]) => row.stream === stream && row.isRedriven !== false)
    .map(([name]) => redrivesOf(name));
