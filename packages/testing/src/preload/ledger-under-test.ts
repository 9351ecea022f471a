/**
 * The delivery ledger with something changed: what preload/other-ledger.ts gives to a notifier.
 *
 * CHAOS_LEASE_MS: claims of the dead end after so long instead of a minute: for the short form, where no call hangs.
 * CHAOS_LEDGER=blind: it never knows of an earlier attempt and always says "claimed".
 */
import * as original from '@leadwire/shared/delivery/ledger';
import type { Claim, HeldEntry, Ledger, LedgerEntry } from '@leadwire/shared/delivery/ledger';

export * from '@leadwire/shared/delivery/ledger';

const givenLeaseMs = Number(process.env['CHAOS_LEASE_MS']);
const isBlind = process.env['CHAOS_LEDGER'] === 'blind';

/** As the product's own, changed as the environment says. Throws what that one throws. */
export const createLedger: typeof original.createLedger = (...given) => {
  const ledger = original.createLedger(...given);
  return isBlind ? blind(ledger) : withShortLeases(ledger);
};

/** Others see a short lease; who holds the claim is told the usual one and may send under it. */
function withShortLeases(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async claim(delivery, owner, usualMs, request, provider, seen) {
      const leaseMs = givenLeaseMs || usualMs;
      const claim = await ledger.claim(delivery, owner, leaseMs, request, provider, seen);
      if (claim.kind !== 'claimed' && claim.kind !== 'inherited') return claim;
      const { entry, revision } = claim.entry;
      return { ...claim, entry: { entry: heldFor(entry, usualMs), revision } };
    },
  };
}

/** Whoever asks may send: what a queue without a ledger does. */
function blind(ledger: Ledger): Ledger {
  const nothing = () => Promise.resolve();
  return {
    ...ledger,
    find: () => Promise.resolve(undefined),
    async claim(delivery, owner, leaseMs, request, provider): Promise<Claim> {
      const claim = await ledger.claim(delivery, owner, leaseMs, request, provider);
      if (claim.kind === 'claimed' || claim.kind === 'missing') return claim;
      const known = await ledger.find(delivery);
      if (!known) return { kind: 'missing' };
      const held: HeldEntry = { entry: heldFor({ ...known, request }, leaseMs), revision: 0 };
      return { kind: 'claimed', entry: held };
    },
    release: nothing,
    abandon: nothing,
    // What it does not hold it cannot record; it believes that it has.
    settle: (held, settlement) =>
      ledger.settle(held, settlement).catch(() => ({ ...held.entry, state: settlement.state })),
  };
}

function heldFor(entry: LedgerEntry, ms: number): LedgerEntry {
  return { ...entry, leaseUntil: new Date(Date.now() + ms).toISOString() };
}
