/** Every durable consumer of Leadwire, as data: which service works on what, how much at once, how often. */
import type { StreamName } from './topology.ts';
import { identityConsumers } from './topology-staff.ts';

const SECOND = 1_000;

export interface ConsumerSpec {
  stream: StreamName;
  filters: readonly string[];
  /** Handlers that run at once in one process; never more messages than this are taken. */
  concurrency: number;
  /** Attempts before a message goes to DEAD_LETTERS. */
  attempts: number;
  /** Milliseconds without a sign of life after which the broker gives the message to another worker. */
  ackWaitMs: number;
  /** One at a time among all processes, in the order of the stream. */
  inOrder?: true;
  what: string;
}

export const consumers = {
  'notifier-plan': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*', 'redrive.notifier-plan.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'plans the messages of each lead',
  },
  'notifier-messages': {
    stream: 'MESSAGES',
    filters: ['messages.requested.*.*', 'redrive.notifier-messages.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'plans the messages of the platform',
  },
  'notifier-email': {
    stream: 'NOTIFICATIONS',
    filters: ['notify.due.email.*'],
    concurrency: 8,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'sends due mails',
  },
  'notifier-sms': {
    stream: 'NOTIFICATIONS',
    filters: ['notify.due.sms.*'],
    concurrency: 4,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'sends due SMS',
  },
  'notifier-bounces': {
    stream: 'CONTACTS',
    filters: ['contacts.suppressed.*', 'redrive.notifier-bounces.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'remembers mail addresses that do not exist',
  },
  'lead-store-leads': {
    stream: 'LEADS',
    filters: ['leads.>', 'redrive.lead-store-leads.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes lead rows',
  },
  'lead-store-rejects': {
    stream: 'INTAKE',
    filters: ['intake.rejected.*', 'redrive.lead-store-rejects.>'],
    concurrency: 50,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes posts of forms that made no lead',
  },
  'lead-store-deliveries': {
    stream: 'DELIVERIES',
    filters: ['deliveries.>', 'redrive.lead-store-deliveries.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes delivery statuses',
  },
  'lead-store-calls': {
    stream: 'CALLS',
    filters: ['calls.>', 'redrive.lead-store-calls.>'],
    concurrency: 200,
    attempts: 5,
    ackWaitMs: 30 * SECOND,
    what: 'writes integration_logs',
  },
  'lead-store-crm': {
    stream: 'DELIVERIES',
    filters: ['crm.*.*', 'redrive.lead-store-crm.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes what became of deals',
  },
  'lead-store-audit': {
    stream: 'AUDIT',
    filters: ['audit.>', 'redrive.lead-store-audit.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes audit_log',
  },
  'lead-store-sales': {
    stream: 'SALES',
    filters: ['sales.*.*.*', 'redrive.lead-store-sales.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes sales and refunds',
  },
  'lead-store-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*', 'redrive.lead-store-students.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'ties students to people',
  },
  'referrals-leads': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*', 'redrive.referrals-leads.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'notes who was brought by whom',
  },
  'referrals-sales': {
    stream: 'SALES',
    filters: ['sales.*.*.*', 'redrive.referrals-sales.>'],
    concurrency: 1,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    // The tier of a commission is that of the moment: the order of sales decides.
    inOrder: true,
    what: 'makes commissions of sales, and takes them back',
  },
  'referrals-facts': {
    stream: 'REFERRALS',
    filters: ['referrals.*.*', 'redrive.referrals-facts.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes referrers and counts their clicks',
  },
  ...identityConsumers,
  'crm-sync': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*', 'redrive.crm-sync.>'],
    concurrency: 8,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'makes each lead a deal in AmoCRM',
  },
  'crm-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*', 'students.lesson_completed.*.*', 'redrive.crm-students.>'],
    concurrency: 4,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'moves the deals of students',
  },
  'crm-changes': {
    stream: 'CRM_CHANGES',
    filters: ['crm_changes.*', 'redrive.crm-changes.>'],
    concurrency: 4,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'looks at deals that people moved in AmoCRM',
  },
  'telegram-plan': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*', 'redrive.telegram-plan.>'],
    concurrency: 16,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'plans a notice of each lead for each Telegram group',
  },
  'telegram-send': {
    stream: 'TELEGRAM',
    filters: ['telegram.send.*.*'],
    // Most of them wait for their group's turn and then go out together.
    concurrency: 200,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'sends notices to Telegram groups',
  },
  'telegram-alerts': {
    stream: 'ALERTS',
    filters: ['alerts.*.*', 'redrive.telegram-alerts.>'],
    concurrency: 200,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'tells admin groups what a person should look at',
  },
  'telegram-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*', 'students.lesson_completed.*.*', 'redrive.telegram-students.>'],
    concurrency: 4,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'writes to students who linked their chat',
  },
  'tripwire-leads': {
    stream: 'LEADS',
    filters: ['leads.>', 'redrive.tripwire-leads.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes lead_tracking of the second project',
  },
  'tripwire-deliveries': {
    stream: 'DELIVERIES',
    filters: ['deliveries.>', 'redrive.tripwire-deliveries.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes delivery statuses of the second project',
  },
  'mailer-batch': {
    stream: 'CAMPAIGNS',
    filters: ['campaigns.batch.*.*'],
    // A batch takes half a second from its rendering to its end: enough of them to use up an account of 50 calls a second.
    concurrency: 32,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'sends batches of campaigns',
  },
  'mailer-outcomes': {
    stream: 'DELIVERIES',
    filters: ['campaign_deliveries.*.*.*', 'redrive.mailer-outcomes.>'],
    concurrency: 200,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes what became of campaign copies',
  },
  'mailer-suppressions': {
    stream: 'CONTACTS',
    filters: ['contacts.suppressed.*', 'redrive.mailer-suppressions.>'],
    concurrency: 100,
    attempts: 10,
    ackWaitMs: 30 * SECOND,
    what: 'writes who must not get campaigns any more',
  },
  'mailer-sms-reports': {
    stream: 'SMS_REPORTS',
    filters: ['sms_reports.*', 'redrive.mailer-sms-reports.>'],
    concurrency: 100,
    attempts: 12,
    ackWaitMs: 30 * SECOND,
    what: 'asks Mobizon what became of SMS',
  },
} as const satisfies Record<string, ConsumerSpec>;
export type ConsumerName = keyof typeof consumers;
