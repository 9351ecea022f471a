import type { Bus } from '@leadwire/shared/broker/bus';

/** What everything that changes something takes. */
export interface ActingParts {
  bus: Bus;
  /** Who does it, as the audit log shows them: an address, or `cli:<user of the machine>`. */
  actor: string;
}
