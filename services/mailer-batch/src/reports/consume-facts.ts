/** The durables that bring what others tell. */
import { startConsumer, type RunningConsumer } from '@leadwire/shared/consumer/consumer';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import type { Facts } from './facts.ts';

interface Parts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
}

export function consumeFacts(parts: Parts, facts: Facts): RunningConsumer[] {
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
