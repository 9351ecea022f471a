/** The durables that bring what others tell. */
import { startConsumer, type RunningConsumer } from '@leadwire/shared/consumer/consumer';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { eventSchemas } from '@leadwire/shared/contract/events';
import type { Facts } from './facts.ts';

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
      handle: facts.storeSuppression,
      schema: eventSchemas['contact.suppressed.v1'],
    }),
    startConsumer({
      ...parts,
      durable: 'mailer-sms-reports',
      handle: facts.lookAtSms,
      schema: eventSchemas['sms.reported.v1'],
    }),
  ];
}
