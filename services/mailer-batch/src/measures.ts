/** What mailer-batch counts beside what every service does. */
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import { Counter } from 'prom-client';
import type { RecipientResult } from './sending/channel.ts';

export interface CampaignMeasures {
  /** A batch was settled, with so many people of each status. */
  settled(channel: string, counts: Record<RecipientResult['status'], number>): void;
  /** A batch was put off after a failure. */
  deferred(): void;
}

export function createCampaignMeasures(metrics: Metrics): CampaignMeasures {
  const batches = new Counter({
    name: 'campaign_batches_total',
    help: 'Batches of campaigns by what became of a try: settled, deferred',
    labelNames: ['outcome'],
    registers: [metrics.registry],
  });
  return {
    settled(channel, counts) {
      batches.inc({ outcome: 'settled' });
      for (const [outcome, count] of Object.entries(counts)) {
        if (count > 0) metrics.deliveries.inc({ channel, outcome }, count);
      }
    },
    deferred: () => batches.inc({ outcome: 'deferred' }),
  };
}
