/** The durables that bring what others tell. */
import { startConsumer, type RunningConsumer } from '@leadwire/shared/consumer/consumer';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { z } from 'zod';
import type { Facts } from './facts.ts';

/** What people choose, and what happens to their addresses; the database knows which of them holds. */
const contactFactSchema = z.discriminatedUnion('type', [
  eventSchemas['contact.suppressed.v1'],
  eventSchemas['contact.restored.v1'],
]);

export function consumeFacts(parts: ProcessParts, facts: Facts): RunningConsumer[] {
  return [
    startConsumer({
      ...parts,
      durable: 'mailer-outcomes',
      handle: facts.storeOutcome,
      schema: eventSchemas['campaign.delivery_recorded.v1'],
    }),
    startConsumer({
      ...parts,
      durable: 'mailer-suppressions',
      handle: (event) =>
        event.type === 'contact.suppressed.v1'
          ? facts.storeSuppression(event)
          : facts.storeRestoration(event),
      schema: contactFactSchema,
    }),
    startConsumer({
      ...parts,
      durable: 'mailer-sms-reports',
      handle: facts.lookAtSms,
      schema: eventSchemas['sms.reported.v1'],
    }),
  ];
}
