/** How everything stands, for Сегодня: looked at once for all who have the page open. */
import { health } from '@leadwire/operations/health/health';
import type { HealthFinding } from '@leadwire/operations/health/finding';
import type { Bus } from '@leadwire/shared/broker/bus';

/** A page that is open looks again with every event; the calls of an hour are not read for each. */
const FRESH_MS = 15_000;

/** What is wrong, the gravest first; empty while the broker is away, which the page says itself. Never throws. */
export type HealthLook = () => Promise<HealthFinding[]>;

export function createHealthLook(bus: Bus): HealthLook {
  let last: { at: number; findings: Promise<HealthFinding[]> } | undefined;
  return async () => {
    if (!bus.isConnected()) return [];
    if (!last || Date.now() - last.at > FRESH_MS) {
      const findings = health({ bus }).then((found) =>
        found.findings.filter(({ state }) => state === 'broken' || state === 'warning'),
      );
      last = { at: Date.now(), findings };
    }
    return last.findings;
  };
}
