/**
 * Preloaded into services for the short form: the broker hands a message of a dead process out again after two
 * seconds instead of thirty. The code under test is the same; only the waiting is shorter.
 */
import { consumers } from '@leadwire/shared/contract/consumers';

const ACK_WAIT_MS = 2_000;

for (const spec of Object.values(consumers)) Object.assign(spec, { ackWaitMs: ACK_WAIT_MS });
