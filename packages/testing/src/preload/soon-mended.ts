/**
 * Preloaded into a service (`node --import`): what only a person can mend is tried again after two seconds: a channel
 * instead of after sixty, an SMS that the balance did not cover instead of after fifteen. The code under test is the same; only the waiting is shorter.
 */
import { stoppedProbe } from '@leadwire/shared/consumer/circuit-breaker';
import { balanceProbe } from '@leadwire/shared/providers/mobizon/messages';

stoppedProbe.everyMs = 2_000;
balanceProbe.everyMs = 2_000;
