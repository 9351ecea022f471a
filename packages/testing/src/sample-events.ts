import { randomUUID } from 'node:crypto';
import { makeEvent, type Lead, type LeadCreated } from '@leadwire/shared/events';

/** An invented lead; `change` replaces what a test cares about. */
export function sampleLead(change: Partial<Lead> = {}): Lead {
  return {
    leadId: randomUUID(),
    kind: 'proftest',
    source: 'proftest',
    campaign: null,
    name: 'Айгерим Сапарова',
    email: 'aigerim@mail.example-lead.kz',
    phone: '+77051234567',
    contactIssues: [],
    paymentMethod: null,
    answers: {},
    utm: {},
    metadata: {},
    receivedAt: new Date().toISOString(),
    ...change,
  };
}

/** The event of such a lead, as landing-api would publish it. */
export function sampleLeadCreated(change: Partial<Lead> = {}): LeadCreated {
  const data = sampleLead(change);
  return makeEvent('lead.created.v1', { source: 'test', subject: data.leadId, data });
}
