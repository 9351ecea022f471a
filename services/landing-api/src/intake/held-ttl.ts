/** Held leads are kept for RETENTION_QUARANTINE_DAYS, not as long as those that were let in: the broker drops them itself. */
import type { Bus } from '@leadwire/shared/broker/bus';

const HELD = 'leads.quarantined.';
const HOURS = 24;

/** The same bus; what it publishes of held leads goes after so many days (ADR-43). */
export function dropHeldAfter(bus: Bus, days: number): Bus {
  return {
    ...bus,
    publish(subject, event, options = {}) {
      if (!subject.startsWith(HELD)) return bus.publish(subject, event, options);
      const headers = { ...options.headers, 'Nats-TTL': `${days * HOURS}h` };
      return bus.publish(subject, event, { ...options, headers });
    },
  };
}
