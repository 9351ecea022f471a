/**
 * Preloaded into a service (`node --import`): a channel that only a person can mend is tried again after two seconds instead
 * of sixty. The code under test is the same; only the waiting is shorter.
 */
import { stoppedProbe } from '@leadwire/shared/consumer/circuit-breaker';

stoppedProbe.everyMs = 2_000;
