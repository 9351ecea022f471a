import { Counter, Histogram, type Registry } from 'prom-client';

/** What this service measures beside what every service does. */
export interface LandingMeasures {
  submissions: Counter<'kind' | 'outcome'>;
  requestSeconds: Histogram<'method' | 'route' | 'status'>;
}

/** Adds the measures to the service's registry; once for each registry. */
export function createMeasures(registry: Registry): LandingMeasures {
  const registers = [registry];
  return {
    submissions: new Counter({
      name: 'landing_submissions_total',
      help: 'Forms by what became of them: created, quarantined, duplicate, conflict, refused, unavailable',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'http_request_seconds',
      help: 'Time from the request’s head to its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10],
      registers,
    }),
  };
}
