/** What other people and programs leave of a person beside their leads. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import { someLead } from '@leadwire/testing/lead';

/** A mail that is planned, one that could not be sent, a notice that a group has, and an SMS that was sent. */
export async function messagesTo(bus: Bus, lead: Lead): Promise<void> {
  const { leadId } = lead;
  const ledger = createLedger(bus);
  const due = await planMail(bus, lead);
  const notice = deliveryOf({ leadId, channel: 'telegram' as const, template: newId() });
  const settled = { state: 'sent' as const, providerId: '-100:7' };
  await ledger.plan(notice, { dueAt: new Date(), settled });
  const letter = subjects.dead('notifier-email', subjects.notifyDue('email', due.deliveryId));
  await bus.publish(letter, Buffer.from(JSON.stringify({ data: due })));
  await sendSms(bus, lead);
}

async function planMail(bus: Bus, lead: Lead) {
  const { leadId } = lead;
  const dueAt = new Date(Date.now() + 600_000);
  const mail = deliveryOf({ leadId, channel: 'email' as const, template: 'proftest-result' });
  await createLedger(bus).plan(mail, { dueAt });
  const due = { ...mail, dueAt: dueAt.toISOString(), lead };
  const pending = subjects.notifyAt('email', mail.deliveryId);
  await bus.schedule(
    { pending, due: subjects.notifyDue('email', mail.deliveryId), at: dueAt },
    makeEvent('notification.due.v1', { source: 'test', subject: leadId, data: due }),
  );
  return due;
}

/** As the notifier does it: its message and what the provider was asked are gone, and stand in no place that is read. */
async function sendSms(bus: Bus, lead: Lead): Promise<void> {
  const { leadId, phone } = lead;
  // Somebody else's messages wait in the same files.
  await planMail(bus, someLead({ name: 'Сосед', email: 'neighbour@leadwire-sample.kz' }));
  const ledger = createLedger(bus);
  const sms = deliveryOf({ leadId, channel: 'sms' as const, template: 'proftest-result' });
  await ledger.plan(sms, { dueAt: new Date() });
  const due = Buffer.from(JSON.stringify({ data: { ...sms, lead } }));
  const { seq } = await bus.publish(subjects.notifyDue('sms', sms.deliveryId), due);
  const request = { to: phone, text: `${lead.name}, здравствуйте` };
  const claim = await ledger.claim(sms, 'test', 60_000, request);
  if (claim.kind !== 'claimed') throw new Error(`the SMS is ${claim.kind}`);
  await ledger.settle(claim.entry, { state: 'sent', providerId: '1' });
  // What an acknowledgement does.
  await (await bus.manager()).streams.deleteMessage('NOTIFICATIONS', seq, false);
}

/** Rows of the landing project, as what stands after `insert into`. */
export function rowsAbout({ leadId, name, email, phone }: Lead): string[] {
  return [
    `campaigns (id, name, exclusions) values ('${leadId}', 'Эфир', '["${email}"]')`,
    `campaign_recipients (campaign_id, contact, name, variables)
      values ('${leadId}', '${email}', '${name}', '{"who": "${name}"}')`,
    `campaign_left_out (campaign_id, line, name, contact)
      values ('${leadId}', 1, '${name}', '8 700 000 77 01')`,
    `suppressions (channel, contact) values ('sms', '${phone}')`,
    `integration_logs (service, error) values ('resend', 'refused: ${email}')`,
    `sales (id, student_id, amount, email, phone)
      values ('${newId()}', 's-1', 5000, '${email}', '${phone}')`,
    `referral_referrers (name, email, phone, code)
      values ('${name}', '${email}', '${phone}', 'spring')`,
  ];
}

/** A post that made no lead. */
export function rejectAbout({ name }: Lead, rejectId: string) {
  const body = Buffer.from(`name=${name}&tel=${encodeURIComponent('+7 (700) 000-77-01')}`);
  return {
    rejectId,
    form: 'spring',
    reason: 'unreadable' as const,
    fields: ['tel'],
    contentType: 'application/x-www-form-urlencoded',
    query: '',
    body: body.toString('base64'),
    encoding: 'base64' as const,
    receivedAt: new Date().toISOString(),
  };
}

/** Their contact 77 and deal 78 in AmoCRM. */
export function dealAbout({ leadId }: Lead) {
  const at = new Date().toISOString();
  const data = { leadId, outcome: 'synced' as const, at, dealId: 78, contactId: 77 };
  return makeEvent('crm.recorded.v1', { source: 'test', subject: leadId, data });
}
