/** What is planned for a person is taken back; what a sender holds is waited for, because it knows their contacts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '@leadwire/shared/broker/bus';
import { isConflict } from '@leadwire/shared/broker/error-codes';
import { cancelPlanned } from '@leadwire/shared/delivery/cancel-planned';
import { createLedger, ledgerKey, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';

const LOOK_EVERY_MS = 500;
/** Why a message ended whose sender died: nobody can ask the provider about a person who is not known any more. */
const ERASED = 'erased';

/**
 * Settles every message to these leads (or of these ids) that is not: planned ones as `skipped`, those whose sender
 * has died as `unknown`. Returns how many. A sender that is at work is waited for, at most as long as its claim holds.
 * @throws TransientError when the broker fails
 */
export async function endUnsent(bus: Bus, ids: readonly string[]): Promise<number> {
  const facts = createDeliveryFacts(bus, undefined);
  const ledger = createLedger(bus);
  let ended = 0;
  for (const id of ids) {
    for (const { deliveryId } of await ledger.ofLead(id)) {
      for (;;) {
        const entry = (await ledger.ofLead(id)).find((each) => each.deliveryId === deliveryId);
        if (entry?.state !== 'planned' && entry?.state !== 'sending') break;
        const settled = await endOne(bus, entry);
        if (settled) await facts.outcome(settled);
        if (settled) ended += 1;
        else await delay(LOOK_EVERY_MS);
      }
    }
  }
  return ended;
}

/** Undefined when somebody else holds it or was faster: look again. */
async function endOne(bus: Bus, entry: LedgerEntry): Promise<LedgerEntry | undefined> {
  if (entry.state === 'planned') return cancelPlanned(bus, entry);
  if (Date.parse(entry.leaseUntil ?? '') > Date.now()) return undefined;
  const bucket = await bus.bucket('deliveries');
  const found = await bucket.get(ledgerKey(entry));
  // The claim that was looked at, or a newer one.
  if (found === null || found.json<LedgerEntry>().leaseUntil !== entry.leaseUntil) return undefined;
  const { request: _frozen, ...rest } = entry;
  const settledAt = new Date().toISOString();
  const settled: LedgerEntry = { ...rest, state: 'unknown', reason: ERASED, settledAt };
  try {
    await bucket.update(ledgerKey(entry), JSON.stringify(settled), found.revision);
    return settled;
  } catch (thrown) {
    if (isConflict(thrown)) return undefined;
    throw thrown;
  }
}
