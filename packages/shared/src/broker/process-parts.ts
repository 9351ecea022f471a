/** What nearly everything in a service's process works with. */
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Bus } from './bus.ts';

export interface ProcessParts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
}
