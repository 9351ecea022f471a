import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { oldestAge } from './intake/journal-watch.ts';
import type { Journal } from './intake/journal.ts';

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
      help: 'Forms by what became of them: created, journalled, quarantined, duplicate, refused, unavailable',
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

/** Adds the journal's state to the registry; once for each registry. */
export function measureJournal(registry: Registry, journal: Journal): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('journal_depth', 'Leads that wait for the broker', () => journal.depth());
  gauge('journal_oldest_seconds', 'Since the oldest of them was received', () =>
    oldestAge(journal),
  );
  gauge('journal_refused', 'Entries set aside for a person', () => journal.refused());
  gauge('journal_writable', '0 while the journal cannot take leads', () =>
    journal.problem() === undefined ? 1 : 0,
  );
}
