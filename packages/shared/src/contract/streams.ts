/**
 * Every stream of Leadwire, as data.
 *
 * Facts (what happened) are kept and can be replayed: retention `limits`. Work (what has to be done)
 * is removed once settled: retention `workqueue`, whose acks also survive a kill of the broker.
 */
import { sequenceStream } from './sequences.ts';
import { staffStream } from './staff-streams.ts';

const DAY = 24 * 60 * 60_000;

export interface StreamSpec {
  /** Those of its consumers' redrives come to them (topology.ts). */
  subjects: readonly string[];
  retention: 'limits' | 'workqueue';
  /** Milliseconds; 0 keeps messages until they are settled. */
  maxAgeMs: number;
  /** May hold messages that the broker publishes later (ADR-51). Cannot be switched off again. */
  schedules?: { pending: string; due: string };
  /** Some of its messages say themselves how long they are kept (ADR-43). Cannot be switched off again. */
  ttls?: true;
  /** Messages that are to be stored once may arrive in atomic batches (ADR-50). */
  batches?: true;
  what: string;
}

export const ownStreams = {
  LEADS: {
    subjects: ['leads.created.*.*', 'leads.quarantined.*.*', 'leads.released.*.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    ttls: true,
    batches: true,
    what: 'every lead as it was accepted: leads.<fact>.<kind>.<leadId>',
  },
  INTAKE: {
    subjects: ['intake.rejected.*'],
    retention: 'limits',
    maxAgeMs: 30 * DAY,
    what: 'what forms posted and no lead could be made of: intake.rejected.<rejectId>',
  },
  STUDENTS: {
    subjects: ['students.created.*', 'students.lesson_completed.*.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'students.created.<studentId>, students.lesson_completed.<studentId>.<lesson>',
  },
  SALES: {
    subjects: ['sales.*.*.*'],
    retention: 'limits',
    maxAgeMs: 3_650 * DAY,
    what: 'who bought what, and what was paid back: sales.<fact>.<studentId>.<saleId>',
  },
  REFERRALS: {
    subjects: ['referrals.registered.*', 'referrals.clicked.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'people who bring others: referrals.registered.<referrerId>, referrals.clicked.<code>',
  },
  MESSAGES: {
    subjects: ['messages.requested.*.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'what the platform wants people to be told: messages.requested.<type>.<messageId>',
  },
  CRM_CHANGES: {
    subjects: ['crm_changes.*'],
    retention: 'workqueue',
    maxAgeMs: 0,
    what: 'deals that have changed, to be looked at: crm_changes.<dealId>; or should: crm_changes.<leadId>',
  },
  NOTIFICATIONS: {
    subjects: ['notify.at.*.*', 'notify.due.*.*'],
    retention: 'workqueue',
    maxAgeMs: 0,
    schedules: { pending: 'notify.at.', due: 'notify.due.' },
    what: 'messages to be sent: waiting (notify.at.<channel>.<deliveryId>) and due (notify.due.…)',
  },
  TELEGRAM: {
    subjects: ['telegram.at.*.*', 'telegram.send.*.*'],
    retention: 'workqueue',
    maxAgeMs: 0,
    schedules: { pending: 'telegram.at.', due: 'telegram.send.' },
    what: 'notices for groups: waiting (telegram.at.<chatId>.<deliveryId>) and to be sent (telegram.send.…)',
  },
  CAMPAIGNS: {
    subjects: ['campaigns.batch.*.*'],
    retention: 'workqueue',
    maxAgeMs: 0,
    what: 'batches that may be sent now, as a nudge: campaigns.batch.<campaignId>.<n>',
  },
  DELIVERIES: {
    subjects: ['deliveries.*.*.*', 'crm.*.*', 'assignments.*.*', 'campaign_deliveries.*.*.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'what became of each message and deal: deliveries.<channel>.<outcome>.<deliveryId>, campaign_deliveries.<channel>.<outcome>.<recipientId>, crm.<outcome>.<leadId>; who has a lead: assignments.<leadId>.<event id>',
  },
  CONTACTS: {
    subjects: ['contacts.suppressed.*', 'contacts.restored.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'who must not get campaigns any more: contacts.suppressed.<event or recipient id>; who wants them again: contacts.restored.<recipientId>',
  },
  SMS_REPORTS: {
    subjects: ['sms_reports.*'],
    retention: 'workqueue',
    maxAgeMs: 0,
    what: 'SMS that Mobizon says have arrived or not, to be asked about: sms_reports.<messageId>',
  },
  CALLS: {
    subjects: ['calls.*.*'],
    retention: 'limits',
    maxAgeMs: 30 * DAY,
    what: 'every call to a provider: calls.<service>.<status>',
  },
  SEQUENCES: sequenceStream,
  STAFF: staffStream,
  AUDIT: {
    subjects: ['audit.*.*.*'],
    retention: 'limits',
    maxAgeMs: 730 * DAY,
    what: 'what people did: audit.<what>.<done to it>.<event id>',
  },
  ALERTS: {
    subjects: ['alerts.*.*'],
    retention: 'limits',
    maxAgeMs: 14 * DAY,
    what: 'what a person should look at: alerts.<severity>.<what>',
  },
  DEAD_LETTERS: {
    subjects: ['dead.>'],
    retention: 'limits',
    maxAgeMs: 365 * DAY,
    what: 'what could not be done, with its cause: dead.<durable>.<original subject>',
  },
} as const satisfies Record<string, StreamSpec>;
export type StreamName = keyof typeof ownStreams;
