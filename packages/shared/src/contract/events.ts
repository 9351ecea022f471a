/**
 * Every event that travels through Leadwire: CloudEvents 1.0 in structured JSON
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), one schema each.
 * A breaking change gets a new version beside the old one. docs/EVENTS.md is compared with this file.
 */
import { z } from 'zod';
import { alertSchema, quarantineReasons } from './alert-facts.ts';
import { attributionSchema, utmSchema } from './attribution.ts';
import {
  batchReadySchema,
  campaignDeliverySchema,
  smsReportSchema,
  restorationSchema,
  suppressionSchema,
} from './campaign-facts.ts';
import { consentFields } from './consent.ts';
import { dealChangeSchema } from './deal-change.ts';
import { messageSchema } from './messages.ts';
import { newId } from './ids.ts';
import { rejectSchema } from './intake-forms.ts';
import { sequenceDueSchema } from './sequences.ts';
import { refundSchema, saleSchema } from './sale-facts.ts';
import { referralClickSchema, referrerSchema } from './referral-facts.ts';
import { assignmentSchema, auditSchema, leadTakingSchema, staffSchema } from './staff-facts.ts';
import { lessonSchema, studentSchema } from './student-facts.ts';

/** `request`: somebody asks to be called; deal, notice and row, but no message to them. */
export const leadKinds = ['proftest', 'purchase', 'request'] as const;
export type LeadKind = (typeof leadKinds)[number];

export const channels = ['email', 'sms', 'telegram'] as const;
export type Channel = (typeof channels)[number];

/** The channels that reach the person who left the lead. */
export const personalChannels = ['email', 'sms'] as const;
export type PersonalChannel = (typeof personalChannels)[number];

/** What is unusual about a lead. None of them stops it. */
export const contactIssues = [
  'phone_missing',
  'phone_invalid',
  'phone_cut_by_mask', // Beside `phone_invalid`: 8 7xx… was typed into a mask that begins with +7.
  'email_missing',
  'email_invalid',
  'email_typo_suspected',
  'name_missing',
  'form_unknown', // It came to an address that no form has.
  'key_conflict', // Its form sent the key of another submission, as a page in a cache does.
] as const;
export type ContactIssue = (typeof contactIssues)[number];

export const leadSchema = z.object({
  leadId: z.uuid(),
  kind: z.enum(leadKinds),
  /** `proftest`, `proftest_<slug>` or `course_purchase`: the name the business knows the form by. */
  source: z.string(),
  /** The slug of the landing page's address, if it has one. */
  campaign: z.string().nullable(),
  name: z.string(),
  email: z.string().nullable(),
  /** E.164 (`+77051234567`), or as typed when `contactIssues` says `phone_invalid`. */
  phone: z.string().nullable(),
  contactIssues: z.array(z.enum(contactIssues)),
  /** The address the person probably meant (`…@gmail.com` for `…@gamil.com`). */
  emailSuggestion: z.string().optional(),
  /** kaspi, halyk, robokassa, or whatever the form sent: an unknown method is no reason to lose a lead. */
  paymentMethod: z.string().nullable(),
  answers: z.record(z.string(), z.unknown()),
  utm: utmSchema,
  /** Missing in leads that are older than it. */
  attribution: attributionSchema.optional(),
  /** The form of `intake_forms` that it came through. */
  form: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()),
  ...consentFields,
  receivedAt: z.iso.datetime(),
  /** Why it is or was held; missing in a lead that was not, and in held ones of older versions (`honeypot`). */
  quarantine: z.enum(quarantineReasons).optional(),
});
export type Lead = z.infer<typeof leadSchema>;

/**
 * One message to one person, or to one group (whose id is then the template): (lead, channel,
 * template). `id` is derived from these three.
 */
export const deliverySchema = z.object({
  deliveryId: z.uuid(),
  /** The lead, or the platform's message, that it belongs to. */
  leadId: z.uuid(),
  /** `message`: `leadId` is the id of a message of the platform. Absent for leads. */
  about: z.enum(['message']).optional(),
  channel: z.enum(channels),
  template: z.string(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** What can be said of a delivery. The first six are ours, the rest are told by providers and links. */
export const deliveryOutcomes = [
  'planned',
  'sent',
  'failed',
  'skipped',
  'unknown',
  'clicked',
  'delivered',
  'bounced',
  'complained',
  'opened',
] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** `code` is what stands in the message, `url` is where it leads. */
const shortLinkSchema = z.object({ code: z.string(), url: z.url() });

const outcomeSchema = deliverySchema.extend({
  outcome: z.enum(deliveryOutcomes),
  at: z.iso.datetime(),
  scheduledFor: z.iso.datetime().optional(),
  attempts: z.number().int().optional(),
  providerId: z.string().optional(),
  /** One token: why it was skipped, failed or is unknown (`phone_invalid`, `stale`, `not_found_at_provider`). */
  reason: z.string().optional(),
  /** The other side's words, without contact data. */
  error: z.string().optional(),
  /** Who was asked to send it, where there are several who can: `resend`, `mailgun`. */
  provider: z.string().optional(),
  shortLink: shortLinkSchema.optional(),
  /** Of a click: a scanner's or a preview's, not a person's. */
  byProgram: z.boolean().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** `synced` and `failed` are ours, the other two happened in the CRM. */
export const crmOutcomes = ['synced', 'failed', 'moved', 'deleted'] as const;
export type CrmOutcome = (typeof crmOutcomes)[number];

const crmSchema = z.object({
  /** The lead, or an id derived from the student's. */
  leadId: z.uuid(),
  studentId: z.string().optional(),
  outcome: z.enum(crmOutcomes),
  /** When it was seen to be so: a later one is newer. */
  at: z.iso.datetime(),
  dealId: z.number().int().optional(),
  contactId: z.number().int().optional(),
  stageId: z.number().int().optional(),
  /** The stage's name in the CRM. */
  stage: z.string().optional(),
  /** One token: why it failed. */
  reason: z.string().optional(),
  /** Also told with `synced`: what the CRM refused and the deal was made without. */
  error: z.string().optional(),
});
export type CrmRecord = z.infer<typeof crmSchema>;

const callSchema = z.object({
  service: z.string(),
  /** Provider and what was asked of it: `resend.send`, `mobizon.find`. */
  action: z.string(),
  status: z.enum(['ok', 'error']),
  error: z.string().optional(),
  durationMs: z.number(),
  leadId: z.uuid().optional(),
  deliveryId: z.uuid().optional(),
  at: z.iso.datetime(),
});
export type ProviderCall = z.infer<typeof callSchema>;

function defineEvent<Type extends string, Data extends z.ZodType>(type: Type, data: Data) {
  return z.object({
    specversion: z.literal('1.0'),
    id: z.string().min(1),
    type: z.literal(type),
    source: z.string().min(1),
    time: z.iso.datetime(),
    /** The lead that it is about, or what an alert is about. */
    subject: z.string().min(1),
    data,
  });
}

export const eventSchemas = {
  /** A person left their contacts on a landing page. */
  'lead.created.v1': defineEvent('lead.created.v1', leadSchema),
  /** A lead that is held: kept for a look, nobody contacted, until a person lets it out. */
  'lead.quarantined.v1': defineEvent('lead.quarantined.v1', leadSchema),
  /** A person let a held lead out: from now on it is as good as any other. */
  'lead.released.v1': defineEvent('lead.released.v1', leadSchema),
  /** Somebody who works here has a lead from now on: they took it, or were given its deal. */
  'lead.assigned.v1': defineEvent('lead.assigned.v1', assignmentSchema),
  /** Somebody's form posted what makes no lead: kept as it came, to be read again. */
  'intake.rejected.v1': defineEvent('intake.rejected.v1', rejectSchema),
  /** A planned message is due now (published by the broker's own scheduler). */
  'notification.due.v1': defineEvent(
    'notification.due.v1',
    deliverySchema.extend({
      channel: z.enum(personalChannels),
      dueAt: z.iso.datetime(),
      /** Absent for messages of the platform, whose SMS have no link. */
      shortLink: shortLinkSchema.optional(),
      /** What it is made from: a lead, or a message of the platform. */
      lead: leadSchema.optional(),
      message: messageSchema.optional(),
    }),
  ),
  /** The learning platform wants somebody to be told something. */
  'message.requested.v1': defineEvent('message.requested.v1', messageSchema),
  /** A Telegram group is to be told of a lead. */
  'telegram.notice.v1': defineEvent(
    'telegram.notice.v1',
    deliverySchema.extend({ channel: z.enum(['telegram']), lead: leadSchema }),
  ),
  /** Something became known about a delivery. */
  'delivery.recorded.v1': defineEvent('delivery.recorded.v1', outcomeSchema),
  /** Something became known about a campaign's copy. */
  'campaign.delivery_recorded.v1': defineEvent(
    'campaign.delivery_recorded.v1',
    campaignDeliverySchema,
  ),
  /** Somebody must not get campaigns any more. */
  'contact.suppressed.v1': defineEvent('contact.suppressed.v1', suppressionSchema),
  /** Somebody wants campaigns again; the newer of the two holds. */
  'contact.restored.v1': defineEvent('contact.restored.v1', restorationSchema),
  /** Mobizon says that an SMS has come to its end: a hint to ask. */
  'sms.reported.v1': defineEvent('sms.reported.v1', smsReportSchema),
  /** The learning platform has a new student. */
  'student.created.v1': defineEvent('student.created.v1', studentSchema),
  /** A student has completed a lesson. */
  'lesson.completed.v1': defineEvent('lesson.completed.v1', lessonSchema),
  /** Somebody bought a product. */
  'sale.recorded.v1': defineEvent('sale.recorded.v1', saleSchema),
  /** The money of a sale went back. */
  'sale.refunded.v1': defineEvent('sale.refunded.v1', refundSchema),
  /** Somebody may bring others, under a code of their own. */
  'referrer.registered.v1': defineEvent('referrer.registered.v1', referrerSchema),
  /** Somebody followed a referrer's short link. */
  'referral.clicked.v1': defineEvent('referral.clicked.v1', referralClickSchema),
  /** Something became known about a lead's deal in the CRM. */
  'crm.recorded.v1': defineEvent('crm.recorded.v1', crmSchema),
  /** The CRM says that a deal has changed: a hint to look at it. */
  'crm.deal_changed.v1': defineEvent('crm.deal_changed.v1', dealChangeSchema),
  /** Somebody who works here has taken a lead: its deal should be theirs. */
  'crm.lead_taken.v1': defineEvent('crm.lead_taken.v1', leadTakingSchema),
  /** A batch of a campaign may be sent now: a nudge, the row in the database decides. */
  'campaign.batch_ready.v1': defineEvent('campaign.batch_ready.v1', batchReadySchema),
  /** A message of a sequence is due (published by the broker's own scheduler). */
  'sequence.due.v1': defineEvent('sequence.due.v1', sequenceDueSchema),
  /** A provider was called. */
  'provider.called.v1': defineEvent('provider.called.v1', callSchema),
  /** Somebody who works here came, changed or left: how they are now, whole. */
  'staff.changed.v1': defineEvent('staff.changed.v1', staffSchema),
  /** A person did something that others may have to account for. */
  'audit.recorded.v1': defineEvent('audit.recorded.v1', auditSchema),
  /** A person should look. */
  'alert.raised.v1': defineEvent('alert.raised.v1', alertSchema),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventOf<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
export type AnyEvent = { [T in EventType]: EventOf<T> }[EventType];
/** A lead that is to be acted on: as it came in, or let out of quarantine. */
export const leadTakenSchema = z.discriminatedUnion('type', [
  eventSchemas['lead.created.v1'],
  eventSchemas['lead.released.v1'],
]);
export type LeadCreated = z.infer<typeof leadTakenSchema>;
export type NotificationDue = EventOf<'notification.due.v1'>;
export type MessageRequested = EventOf<'message.requested.v1'>;
export type TelegramNotice = EventOf<'telegram.notice.v1'>;
export type DeliveryRecorded = EventOf<'delivery.recorded.v1'>;
export type CrmRecorded = EventOf<'crm.recorded.v1'>;
export type BatchReady = EventOf<'campaign.batch_ready.v1'>;
export type ContactSuppressed = EventOf<'contact.suppressed.v1'>;
export type StaffChanged = EventOf<'staff.changed.v1'>;
export type AuditRecorded = EventOf<'audit.recorded.v1'>;
export type DealChanged = EventOf<'crm.deal_changed.v1'>;

/**
 * Makes an event. `subject` is what it is about (the lead's id, usually); pass `id` when the same
 * fact may be told twice and must stay one event.
 */
export function makeEvent<T extends EventType>(
  type: T,
  event: { source: string; subject: string; data: EventOf<T>['data']; id?: string },
): EventOf<T> {
  return {
    specversion: '1.0',
    id: event.id ?? newId(),
    type,
    source: event.source,
    time: new Date().toISOString(),
    subject: event.subject,
    data: event.data,
  } as unknown as EventOf<T>;
}
