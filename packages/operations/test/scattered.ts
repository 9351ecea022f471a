/** What other people and programs leave of a person beside their leads. */
import { newId } from '@leadwire/shared/contract/ids';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';

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
