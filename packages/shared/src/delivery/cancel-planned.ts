/** The one way past a claim: what nobody has begun to send is settled because a person wants it not sent. */
import { isConflict, type Bus } from '../broker/bus.ts';
import { TransientError, toError } from '../errors.ts';
import type { Delivery } from '../contract/events.ts';
import { ledgerKey, parseEntry, type LedgerEntry } from './ledger.ts';

/** Why it was skipped, as statuses show it. */
export const CANCELLED = 'cancelled';

/**
 * Settles a planned delivery as `skipped: cancelled`, by compare-and-set: whoever would claim it afterwards finds it
 * settled. Undefined when a sender was faster or it has ended already: it is left as it is.
 * @throws TransientError when the broker fails
 */
export async function cancelPlanned(
  bus: Pick<Bus, 'bucket'>,
  delivery: Delivery,
  now: () => Date = () => new Date(),
): Promise<LedgerEntry | undefined> {
  try {
    const bucket = await bus.bucket('deliveries');
    const key = ledgerKey(delivery);
    const found = await bucket.get(key);
    const entry = found?.operation === 'PUT' ? parseEntry(found.json()) : undefined;
    if (found === null || entry?.state !== 'planned') return undefined;
    const { request: _frozen, ...rest } = entry;
    const settled: LedgerEntry = {
      ...rest,
      state: 'skipped',
      reason: CANCELLED,
      settledAt: now().toISOString(),
    };
    await bucket.update(key, JSON.stringify(settled), found.revision);
    return settled;
  } catch (thrown) {
    if (isConflict(thrown)) return undefined;
    if (thrown instanceof TransientError) throw thrown;
    const cause = toError(thrown);
    throw new TransientError(`the delivery ledger: ${cause.message}`, { cause, outage: true });
  }
}
