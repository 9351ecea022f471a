/** Where each event goes and what it is about, from what it says: the one table that whoever publishes uses. */
import type { EventOf, EventType } from './events.ts';
import { subjects } from './topology.ts';

interface Route<T extends EventType> {
  /** The id of what it is about, never a contact. */
  about: (data: EventOf<T>['data'], eventId: string) => string;
  subject: (event: EventOf<T>) => string;
  /** It happens once for good: stored only while nothing is under these subjects. */
  onceUnder?: (event: EventOf<T>) => string | undefined;
}

type RoutedEvents = Exclude<
  EventType,
  'notification.due.v1' | 'telegram.notice.v1' | 'sequence.due.v1'
>;
type Routes = { readonly [T in RoutedEvents]: Route<T> };

const anyLead = ({ data }: { data: { leadId: string } }) => subjects.anyLead(data.leadId);

/** What a link told goes under its recipient, so that its page finds what was chosen last. */
const suppressed: Route<'contact.suppressed.v1'>['about'] = ({ source, recipientId }, eventId) =>
  source === 'link' && recipientId !== undefined ? recipientId : eventId;

/** All but what waits for its time (delivery/schedule.ts), which belongs to a channel or a chat. */
const routes: Routes = {
  'lead.created.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data: { kind, leadId } }) => subjects.leadCreated(kind, leadId),
    onceUnder: anyLead,
  },
  'lead.quarantined.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data: { kind, leadId } }) => subjects.leadQuarantined(kind, leadId),
    onceUnder: anyLead,
  },
  'lead.released.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data: { kind, leadId } }) => subjects.leadReleased(kind, leadId),
    onceUnder: ({ data: { kind, leadId } }) => subjects.leadReleased(kind, leadId),
  },
  'lead.assigned.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ id, data }) => subjects.leadAssigned(data.leadId, id),
    onceUnder: ({ id, data }) => subjects.leadAssigned(data.leadId, id),
  },
  'intake.rejected.v1': {
    about: ({ rejectId }) => rejectId,
    subject: ({ data }) => subjects.intakeRejected(data.rejectId),
    onceUnder: ({ data }) => subjects.intakeRejected(data.rejectId),
  },
  'delivery.recorded.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data: { channel, outcome, deliveryId } }) =>
      subjects.delivery(channel, outcome, deliveryId),
  },
  'campaign.delivery_recorded.v1': {
    about: ({ campaignId }) => campaignId,
    subject: ({ data: { channel, outcome, recipientId } }) =>
      subjects.campaignDelivery(channel, outcome, recipientId),
  },
  'campaign.batch_ready.v1': {
    about: ({ campaignId }) => campaignId,
    subject: ({ data: { campaignId, n } }) => subjects.campaignBatch(campaignId, n),
  },
  'contact.suppressed.v1': {
    about: suppressed,
    subject: ({ id, data }) => subjects.contactSuppressed(suppressed(data, id)),
    // A provider's word is for good: a repeat after days must not undo what a person changed by hand meanwhile. A click
    // after an undo is another choice.
    onceUnder: ({ id, data }) =>
      data.source === 'link' ? undefined : subjects.contactSuppressed(suppressed(data, id)),
  },
  'contact.restored.v1': {
    about: ({ recipientId }) => recipientId,
    subject: ({ data }) => subjects.contactRestored(data.recipientId),
  },
  'sms.reported.v1': {
    about: ({ messageId }) => messageId,
    subject: ({ data }) => subjects.smsReport(data.messageId),
  },
  'message.requested.v1': {
    about: ({ messageId }) => messageId,
    subject: ({ data: { type, messageId } }) => subjects.messageRequested(type, messageId),
    onceUnder: ({ data }) => subjects.messageRequested('*', data.messageId),
  },
  'student.created.v1': {
    about: ({ studentId }) => studentId,
    subject: ({ data }) => subjects.studentCreated(data.studentId),
    onceUnder: ({ data }) => subjects.studentCreated(data.studentId),
  },
  'lesson.completed.v1': {
    about: ({ studentId }) => studentId,
    subject: ({ data: { studentId, lesson } }) => subjects.lessonCompleted(studentId, lesson),
    onceUnder: ({ data: { studentId, lesson } }) => subjects.lessonCompleted(studentId, lesson),
  },
  'sale.recorded.v1': {
    about: ({ studentId }) => studentId,
    subject: ({ data }) => subjects.sale('recorded', data.studentId, data.saleId),
    onceUnder: ({ data }) => subjects.sale('recorded', data.studentId, data.saleId),
  },
  'sale.refunded.v1': {
    about: ({ studentId }) => studentId,
    subject: ({ data }) => subjects.sale('refunded', data.studentId, data.saleId),
    onceUnder: ({ data }) => subjects.sale('refunded', data.studentId, data.saleId),
  },
  'referrer.registered.v1': {
    about: ({ code }) => code,
    subject: ({ data }) => subjects.referral('registered', data.referrerId),
    onceUnder: ({ data }) => subjects.referral('registered', data.referrerId),
  },
  'referral.clicked.v1': {
    about: ({ code }) => code,
    subject: ({ data }) => subjects.referral('clicked', data.code),
  },
  'crm.recorded.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data: { outcome, leadId } }) => subjects.crm(outcome, leadId),
  },
  'crm.deal_changed.v1': {
    about: ({ dealId }) => String(dealId),
    subject: ({ data }) => subjects.crmChange(data.dealId),
  },
  'crm.lead_taken.v1': {
    about: ({ leadId }) => leadId,
    subject: ({ data }) => subjects.crmChange(data.leadId),
  },
  'provider.called.v1': {
    about: ({ leadId, action }) => leadId ?? action,
    subject: ({ source, data }) => subjects.call(source, data.status),
  },
  'staff.changed.v1': {
    about: ({ staffId }) => staffId,
    subject: ({ data }) => subjects.staffChanged(data.staffId),
  },
  'audit.recorded.v1': {
    about: ({ subject }) => subject,
    subject: ({ id, data }) => subjects.audit(data.action, id),
  },
  'alert.raised.v1': {
    about: ({ what }) => what,
    subject: ({ data: { severity, what } }) => subjects.alert(severity, what),
  },
};

export type { RoutedEvents };

/** How events of this type are published. */
export function routeOf<T extends RoutedEvents>(type: T): Route<T> {
  return routes[type];
}
