/**
 * The delivery ledger: one key for each (lead, channel, template), changed only by compare-and-set.
 * It decides whether a message may be sent, so that repeats, replays and crashes cannot repeat it.
 *
 *   planned ──claim──> sending ──settle──> sent | failed | skipped | unknown
 *      ^                  │
 *      ├────release───────┘   (the attempt certainly had no effect)
 *      ├────reopen──── failed | unknown   (a person wants it tried again)
 *      └──cancelPlanned──> skipped        (a person wants it not sent; cancel-planned.ts)
 *
 * A `sending` whose lease is over belongs to a sender that died between the call and the record:
 * whoever claims it then has to ask the provider first.
 */
import { isConflict, type Bus } from '../broker/bus.ts';
import { TransientError, toError } from '../errors.ts';
import { deliverySchema, type Delivery } from '../contract/events.ts';
import {
  entrySchema,
  isSettled,
  ledgerKey,
  type LedgerEntry,
  type SettledState,
} from './ledger-entry.ts';

export * from './ledger-entry.ts';

/** The stream and subjects behind the bucket (ADR-8 of NATS). */
export const LEDGER_STREAM = 'KV_deliveries';
const PREFIX = '$KV.deliveries.';

export type Claim =
  /** Ours, and nobody has tried before, or those who tried are known to have had no effect. */
  | { kind: 'claimed'; entry: HeldEntry }
  /** Ours, but an earlier sender may have sent it: reconcile first. */
  | { kind: 'inherited'; entry: HeldEntry }
  | { kind: 'busy'; retryAfterMs: number }
  | { kind: 'settled'; entry: LedgerEntry }
  | { kind: 'missing' };

export type Reopened =
  | { kind: 'reopened'; entry: LedgerEntry }
  /** It is not settled: only its message may be missing. */
  | { kind: 'open'; entry: LedgerEntry }
  /** Settled in a state that was not asked for, or settled again since this cause reopened it. */
  | { kind: 'settled'; entry: LedgerEntry; isAnswered: boolean }
  | { kind: 'missing' };

/** An entry that we hold: its revision is the right to write it. */
export interface HeldEntry {
  readonly entry: LedgerEntry;
  readonly revision: number;
}

/** Who claims, and what for. */
interface Claiming {
  owner: string;
  leaseMs: number;
  request: unknown;
  provider: string | undefined;
}

export interface Settlement {
  state: SettledState;
  providerId?: string | undefined;
  reason?: string | undefined;
  error?: string | undefined;
}

export interface Ledger {
  /**
   * Enters a delivery as planned, or as settled at once (a skip). If it was entered before, that
   * entry is returned and nothing changes.
   */
  plan(delivery: Delivery, plan: Plan): Promise<{ isNew: boolean; entry: LedgerEntry }>;
  /**
   * Takes the right to send for `leaseMs`. `request` is frozen at the first claim. `provider` is who will be
   * asked; an inherited claim stays with the one who may have it already. `seen` is what `find` told: as long as nobody has
   * written it since, it is not read once more.
   */
  claim(
    delivery: Delivery,
    owner: string,
    leaseMs: number,
    request: unknown,
    provider?: string,
    seen?: LedgerEntry,
  ): Promise<Claim>;
  find(delivery: Delivery): Promise<LedgerEntry | undefined>;
  /** The attempt certainly had no effect: back to planned. */
  release(held: HeldEntry, error: string): Promise<void>;
  /** The attempt may have had an effect: whoever comes next has to reconcile, and may do so at once. */
  abandon(held: HeldEntry, error: string): Promise<void>;
  /** Records the end. The frozen request is dropped: it holds contact data and is needed no more. */
  settle(held: HeldEntry, settlement: Settlement): Promise<LedgerEntry>;
  /**
   * Opens a delivery that ended in one of the states `from` for a new try, due now. `cause` is when
   * the broker stored what asks for it (a dead letter): the same cause, or an older one, does this
   * once only. What the provider was asked before is forgotten, so its answer is no longer relied on.
   * A dry run tells what would happen and changes nothing. `isCopy`: the person gets it once more,
   * although they have it; providers are told that it is another message.
   */
  reopen(
    delivery: Delivery,
    reopening: {
      from: readonly SettledState[];
      cause: Date;
      isDryRun?: boolean;
      isCopy?: boolean;
    },
  ): Promise<Reopened>;
  /** Every delivery of a lead. */
  ofLead(leadId: string): Promise<LedgerEntry[]>;
}

export interface Plan {
  dueAt: Date;
  shortLink?: { code: string; url: string };
  settled?: Settlement;
}

/** All methods throw TransientError when the broker fails or somebody else was faster. */
export function createLedger(bus: Bus, now: () => Date = () => new Date()): Ledger {
  /** Of entries that `find` told. */
  const revisions = new WeakMap<LedgerEntry, number>();

  const read = async (key: string): Promise<HeldEntry | undefined> => {
    const found = await (await bus.bucket('deliveries')).get(key);
    if (found?.operation !== 'PUT') return undefined;
    return { entry: entrySchema.parse(found.json()), revision: found.revision };
  };

  const write = async (entry: LedgerEntry, revision: number): Promise<HeldEntry> => {
    const bucket = await bus.bucket('deliveries');
    const key = ledgerKey(entry);
    const value = JSON.stringify(entry);
    return {
      entry,
      revision:
        revision === 0
          ? await bucket.create(key, value)
          : await bucket.update(key, value, revision),
    };
  };

  const claimHeld = async (
    { entry, revision }: HeldEntry,
    { owner, leaseMs, request, provider }: Claiming,
  ): Promise<Claim> => {
    if (isSettled(entry)) return { kind: 'settled', entry };
    const isHeld = entry.state === 'sending';
    const leaseMsLeft = isHeld ? Date.parse(entry.leaseUntil ?? '') - now().getTime() : 0;
    if (leaseMsLeft > 0) return { kind: 'busy', retryAfterMs: leaseMsLeft };
    const at = now();
    const held = await write(
      {
        ...entry,
        state: 'sending',
        owner,
        leaseUntil: new Date(at.getTime() + leaseMs).toISOString(),
        firstClaimAt: entry.firstClaimAt ?? at.toISOString(),
        lastClaimAt: isHeld ? entry.lastClaimAt : at.toISOString(),
        attempts: entry.attempts + 1,
        request: entry.request ?? request,
        provider: isHeld ? entry.provider : (provider ?? entry.provider),
      },
      revision,
    );
    return { kind: isHeld ? 'inherited' : 'claimed', entry: held };
  };

  return {
    async plan(delivery, { dueAt, shortLink, settled }) {
      const at = now().toISOString();
      const entry: LedgerEntry = entrySchema.parse({
        ...delivery,
        state: 'planned',
        dueAt: dueAt.toISOString(),
        attempts: 0,
        shortLink,
        ...(settled && { ...settled, settledAt: at }),
      });
      try {
        await guarded(() => write(entry, 0));
        return { isNew: true, entry };
      } catch (thrown) {
        const existing = await guarded(() => read(ledgerKey(delivery)));
        if (existing) return { isNew: false, entry: existing.entry };
        throw thrown;
      }
    },

    find: (delivery) =>
      guarded(async () => {
        const found = await read(ledgerKey(delivery));
        if (found) revisions.set(found.entry, found.revision);
        return found?.entry;
      }),

    claim: (delivery, owner, leaseMs, request, provider, seen) =>
      guarded(async () => {
        const claiming = { owner, leaseMs, request, provider };
        const revision = seen?.state === 'planned' ? revisions.get(seen) : undefined;
        if (seen && revision !== undefined) {
          try {
            return await claimHeld({ entry: seen, revision }, claiming);
          } catch (thrown) {
            // Somebody has written it since.
            if (!isConflict(thrown)) throw thrown;
          }
        }
        const found = await read(ledgerKey(delivery));
        return found ? claimHeld(found, claiming) : { kind: 'missing' };
      }),

    release: ({ entry, revision }, error) =>
      guarded(async () => {
        const { owner: _owner, leaseUntil: _lease, ...rest } = entry;
        await write({ ...rest, state: 'planned', error }, revision);
      }),

    abandon: ({ entry, revision }, error) =>
      guarded(async () => {
        await write({ ...entry, error, leaseUntil: now().toISOString() }, revision);
      }),

    settle: ({ entry, revision }, { state, providerId, reason, error }) =>
      guarded(async () => {
        const { owner: _owner, leaseUntil: _lease, request: _frozen, ...rest } = entry;
        const settledAt = now().toISOString();
        const settled = entrySchema.parse({ ...rest, state, providerId, reason, error, settledAt });
        return (await write(settled, revision)).entry;
      }),

    reopen: (delivery, { from, cause, isDryRun = false, isCopy = false }) =>
      guarded(async () => {
        const found = await read(ledgerKey(delivery));
        if (!found) return { kind: 'missing' };
        const { entry, revision } = found;
        if (!isSettled(entry)) return { kind: 'open', entry };
        const isAnswered = Date.parse(entry.reopenedFor ?? '') >= cause.getTime();
        if (isAnswered || !from.includes(entry.state))
          return { kind: 'settled', entry, isAnswered };
        if (isDryRun) return { kind: 'reopened', entry };
        const { attempts, shortLink, askedSince = entry.firstClaimAt } = entry;
        const copies = (entry.copies ?? 0) + (isCopy ? 1 : 0);
        const reopened: LedgerEntry = {
          ...deliverySchema.parse(entry),
          attempts,
          shortLink,
          askedSince,
          state: 'planned',
          dueAt: now().toISOString(),
          reopenedFor: cause.toISOString(),
          ...(copies > 0 && { copies }),
        };
        return { kind: 'reopened', entry: (await write(reopened, revision)).entry };
      }),

    ofLead: (leadId) =>
      guarded(async () => {
        // Not `bucket.keys()`: in this client it drops keys when its reader is not fast enough.
        const { state } = await (
          await bus.manager()
        ).streams.info(LEDGER_STREAM, { subjects_filter: `${PREFIX}${leadId}.>` });
        const keys = Object.keys(state.subjects ?? {}).map((subject) =>
          subject.slice(PREFIX.length),
        );
        const found = await Promise.all(keys.sort().map(read));
        return found.flatMap((held) => (held ? [held.entry] : []));
      }),
  };
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof TransientError) throw thrown;
    const cause = toError(thrown);
    if (isConflict(thrown)) throw new TransientError('somebody else was faster', { cause });
    throw new TransientError(`the delivery ledger: ${cause.message}`, { cause, outage: true });
  }
}
