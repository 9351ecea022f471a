import { newEvent } from '@leadwire/shared/broker/publish-event';
import type { EventOf, Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';

let count = 0;

/** An invented person who has just left both contacts; each call makes another one. */
export function someLead(overrides: Partial<Lead> = {}): Lead {
  count += 1;
  const number = String(count).padStart(4, '0');
  return {
    leadId: newId(),
    kind: 'proftest',
    source: 'proftest_spring_a',
    campaign: 'spring_a',
    name: 'Айгерим',
    email: `aigerim${number}@mail.leadwire-sample.kz`,
    phone: `+7705123${number}`,
    contactIssues: [],
    paymentMethod: null,
    answers: { result: 'Аналитик данных' },
    utm: { source: 'instagram', campaign: 'spring_a' },
    metadata: {},
    receivedAt: new Date().toISOString(),
    ...overrides,
  };
}

/** The event that landing-api publishes for a lead. */
export function leadCreated(lead: Lead): EventOf<'lead.created.v1'> {
  return newEvent('landing-api', 'lead.created.v1', lead);
}
