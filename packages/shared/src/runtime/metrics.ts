import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What every service measures, in Prometheus' terms. Names carry their unit. */
export interface Metrics {
  registry: Registry;
  handled: Counter<'durable' | 'outcome'>;
  handleSeconds: Histogram<'durable'>;
  inFlight: Gauge<'durable'>;
  paused: Gauge<'durable'>;
  providerSeconds: Histogram<'provider' | 'action' | 'status'>;
  limiterWaitSeconds: Histogram<'account'>;
  deliveries: Counter<'channel' | 'outcome'>;
  skipped: Counter<'channel' | 'reason'>;
}

/** A registry of its own for each service, so that two in one test process do not meet. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    handled: new Counter({
      name: 'consumer_handled_total',
      help: 'Messages by what became of them: ok, retried, waiting, stopped, dead',
      labelNames: ['durable', 'outcome'],
      registers,
    }),
    handleSeconds: new Histogram({
      name: 'consumer_handle_seconds',
      help: 'Time in the handler',
      labelNames: ['durable'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
      registers,
    }),
    inFlight: new Gauge({
      name: 'consumer_in_flight',
      help: 'Messages in handlers now',
      labelNames: ['durable'],
      registers,
    }),
    paused: new Gauge({
      name: 'consumer_paused',
      help: '1 while the consumer probes a failing provider or is stopped for a person to act',
      labelNames: ['durable'],
      registers,
    }),
    providerSeconds: new Histogram({
      name: 'provider_request_seconds',
      help: 'Time of calls to providers',
      labelNames: ['provider', 'action', 'status'],
      buckets: [0.05, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    deliveries: new Counter({
      name: 'deliveries_total',
      help: 'Messages to people by how they ended: sent, failed, skipped, unknown',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
    skipped: new Counter({
      name: 'deliveries_skipped_total',
      help: 'Messages to people that were not sent, by why: person_limit, sms_off, stale …',
      labelNames: ['channel', 'reason'],
      registers,
    }),
    limiterWaitSeconds: new Histogram({
      name: 'limiter_wait_seconds',
      help: 'Time spent waiting for a provider’s rate limit',
      labelNames: ['account'],
      buckets: [0.01, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
  };
}
