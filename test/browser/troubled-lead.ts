/** What landing-api says of a lead whose mail was refused and whose SMS is in doubt; its deal is made, a group waits. */
const at = '2026-01-05T10:00:00.000Z';
const end = { scheduled_for: '2026-01-05T10:10:00.000Z', template: 't', sent_at: null };

export const troubledLead = {
  lead: {
    leadId: 'a',
    name: 'Ерлан',
    email: null,
    phone: null,
    source: 'proftest',
    utm: {},
    contactIssues: [],
    receivedAt: at,
  },
  channels: {
    email: { ...end, status: 'failed', error: 'Resend 422: <b>no such domain</b>' },
    sms: { ...end, status: 'unknown', error: 'idempotency_key_expired' },
  },
  deal: { status: 'synced', dealId: 30000001, stage: 'Оплата Kaspi', error: null },
  telegram: [{ ...end, groupId: 'g', title: 'Отдел продаж', status: 'pending', error: null }],
};
