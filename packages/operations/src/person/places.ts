/**
 * What each stream, bucket and table holds of a person, and so what an erasure does there. A new one has to be entered
 * here; docs/PRIVACY.md says the same for people, and a test compares the two.
 */
import type { StreamName } from '@leadwire/shared/contract/streams';
import { subjects, type BucketName } from '@leadwire/shared/contract/topology';

/**
 * `any`: whatever bears a contact or an id of the person is removed. `contact`: what bears a contact; what bears an id
 * alone is a number among others. `keep`: holds no contacts of leads or students.
 */
export type Reach = 'any' | 'contact' | 'keep';

export const streamReach: Readonly<Record<StreamName, Reach>> = {
  LEADS: 'any',
  INTAKE: 'any',
  STUDENTS: 'any',
  SALES: 'any',
  REFERRALS: 'any',
  MESSAGES: 'any',
  CRM_CHANGES: 'contact',
  NOTIFICATIONS: 'any',
  TELEGRAM: 'any',
  CAMPAIGNS: 'contact',
  // What became of messages and deals, by ids: statistics, once the lead is gone.
  DELIVERIES: 'contact',
  CONTACTS: 'contact',
  SMS_REPORTS: 'contact',
  // Ids alone: whom they mean is in the database.
  SEQUENCES: 'contact',
  CALLS: 'contact',
  STAFF: 'keep',
  // Who did what; the people in it work here.
  AUDIT: 'keep',
  ALERTS: 'contact',
  DEAD_LETTERS: 'any',
};

export const bucketReach: Readonly<Record<BucketName, Reach>> = {
  // Settled entries hold no contact, and are why nothing is sent again.
  deliveries: 'contact',
  access_tokens: 'keep',
  staff_sync: 'keep',
  staff_telegram: 'keep',
  intake_forms: 'keep',
  message_texts: 'keep',
  // Of mails to everybody.
  pictures: 'keep',
  referral_codes: 'contact',
  message_links: 'any',
  hook_tokens: 'contact',
  short_links: 'any',
  crm_map: 'any',
  telegram_groups: 'keep',
  telegram_codes: 'contact',
  telegram_updates: 'contact',
  telegram_alerts: 'contact',
  lead_owners: 'any',
  telegram_students: 'any',
  locks: 'contact',
  // Keyed hashes for a day: how often somebody was written to.
  limits: 'contact',
  // A keyed hash, so that nobody writes to an address that does not exist.
  bounced: 'keep',
  passes: 'contact',
  erasures: 'keep',
};

/**
 * Streams that drop messages with contacts before an erasure comes to them: what was sent, and what was to be sent while
 * a delivery was under way. With subjects that nobody reads, for `freed-space.ts`.
 */
export const fillings = {
  NOTIFICATIONS: (part: string) => subjects.notifyAt('filling', part),
  TELEGRAM: (part: string) => subjects.telegramAt('filling', part),
  KV_deliveries: (part: string) => `$KV.deliveries.filling.${part}`,
} as const;

type Row = Readonly<Record<string, unknown>>;

export interface TableReach {
  reach: Reach;
  /**
   * What becomes of a row: gone; some columns emptied, because the row is also counted; or the contact made unreadable
   * wherever it stands.
   */
  how: 'remove' | 'scrub' | ((row: Row) => Row);
}

const keep: TableReach = { reach: 'keep', how: 'scrub' };
const removed: TableReach = { reach: 'contact', how: 'remove' };
const scrubbed: TableReach = { reach: 'contact', how: 'scrub' };
const withoutContacts = () => ({ email: null, phone: null });

/**
 * A lead's row stays without the person: it was paid for, and a row that has its event is never filled again by a
 * replay (leadwire_store_leads).
 */
const emptiedLead = ({ event_id }: Row) => ({
  ...emptiedCopy(),
  metadata: {},
  answers: null,
  attribution: null,
  page_url: null,
  referrer: null,
  fbclid: null,
  gclid: null,
  yclid: null,
  ttclid: null,
  fbp: null,
  fbc: null,
  // Made of the phone or the address.
  person_id: null,
  amocrm_error: null,
  consent_at: null,
  consent_text: null,
  event_id: event_id ?? 'erased',
});
const emptiedCopy = () => ({
  name: null,
  email: null,
  phone: null,
  email_error: null,
  sms_error: null,
});
const emptiedRecipient = ({ status }: Row) => ({
  contact: null,
  name: null,
  variables: {},
  error: null,
  ...(status === 'pending' && {
    status: 'skipped',
    reason: 'erased',
    settled_at: new Date().toISOString(),
  }),
});

const emptiedSequence = ({ state }: Row) => ({
  name: null,
  email: null,
  phone: null,
  ...(state === 'waiting' && {
    state: 'stopped',
    reason: 'erased',
    ended_at: new Date().toISOString(),
  }),
});

/** Commissions and what they are counted from: kept, because money was paid for it. */
const referralTables: Readonly<Record<string, TableReach>> = {
  referral_referrers: {
    reach: 'any',
    how: () => ({ name: '', email: null, phone: null, is_active: false }),
  },
  referral_commission_tiers: keep,
  referral_conversions: keep,
  referral_leads: { reach: 'any', how: withoutContacts },
  referral_sales: { reach: 'any', how: withoutContacts },
  referral_clicks: keep,
  referral_remarks: scrubbed,
};

export const tableReach = {
  landing: {
    landing_leads: { reach: 'any', how: emptiedLead },
    unified_lead_tracking: { reach: 'any', how: emptiedCopy },
    scheduled_notifications: scrubbed,
    short_links: scrubbed,
    short_link_clicks: keep,
    integration_tokens: keep,
    integration_logs: removed,
    crm_deals: scrubbed,
    telegram_groups: keep,
    suppressions: removed,
    contact_choices: removed,
    exclusion_lists: removed,
    campaigns: scrubbed,
    campaign_recipients: { reach: 'contact', how: emptiedRecipient },
    campaign_left_out: { reach: 'contact', how: () => ({ name: null, contact: null }) },
    campaign_batches: scrubbed,
    campaign_topic_sends: removed,
    // Links of the text and ids of copies: statistics, once the copy has no contact.
    campaign_clicks: keep,
    staff: keep,
    audit_log: keep,
    intake_forms: keep,
    intake_rejects: removed,
    sales: { reach: 'any', how: () => ({ ...withoutContacts(), person_id: null }) },
    // With its last phone or address goes the row in people, and with it everything else they are known by.
    person_identities: removed,
    people: keep,
    identity_conflicts: removed,
    // Tags and ids of rows elsewhere.
    attribution_conflicts: { reach: 'any', how: 'remove' },
    segments: scrubbed,
    ad_spend: keep,
    message_templates: keep,
    message_template_versions: keep,
    campaign_subject_tests: scrubbed,
    sequences: keep,
    sequence_people: { reach: 'contact', how: emptiedSequence },
    sequence_messages: keep,
    ...referralTables,
  },
  tripwire: {
    lead_tracking: { reach: 'any', how: emptiedCopy },
    staff: keep,
    // The platform's: whoever ends an account there ends its login as well. accounts.ts finds it, the certificate says so.
    tripwire_users: keep,
    ...referralTables,
  },
} as const satisfies Record<string, Readonly<Record<string, TableReach>>>;
export type ProjectName = keyof typeof tableReach;
