/**
 * What the ledger dropped of a person (the state of a delivery while it was under way, with what the provider was asked)
 * lies in a file beside entries that are in use. The broker writes a file anew once less than half of it is in use. So the
 * settled entries around it are stored once more, the same bytes, which takes them out of that file
 * (docs/decisions/0020-freed-space-of-the-broker.md).
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { isConflict } from '@leadwire/shared/broker/error-codes';
import { readStream, type StoredMessage } from '@leadwire/shared/broker/read-stream';
import {
  LEDGER_STREAM,
  createLedger,
  isSettled,
  ledgerKey,
  parseEntry,
  type LedgerEntry,
} from '@leadwire/shared/delivery/ledger';

/** Keys of deliveries, without the filling. */
const ENTRIES = '$KV.deliveries.*.*.>';
/** No file of a bucket becomes larger (nats-server 2.15, defaultKVBlockSize in server/filestore.go). */
const FILE_BYTES = 4 * 1024 * 1024;
/** Its ids alone, in the subject and in the value, with state and time take more. */
const SMALLEST_ENTRY_BYTES = 256;
/** So many places away from a dropped state its file may begin or end. */
const REACH = FILE_BYTES / SMALLEST_ENTRY_BYTES;
/** Clocks of services and of the broker may differ by so much. */
const CLOCKS_MS = 60_000;
/** Writes under way at once: each waits for the disk. */
const AT_ONCE = 64;

interface Span {
  from: number;
  to: number;
}

/**
 * Stores settled entries once more that lie around what the deliveries of these leads (or ids) dropped. An entry that is
 * planned or under way belongs to whoever works on it, and one that somebody writes meanwhile has moved by that: both are
 * left alone. The same call again does no harm.
 * @returns how many were stored
 * @throws TransientError, or what the broker throws
 */
export async function moveNeighbours(bus: Bus, ids: readonly string[]): Promise<number> {
  const ledger = createLedger(bus);
  const own = (await inTurn(ids, (id) => ledger.ofLead(id))).flat();
  const isOwn = new Set(own.map(ledgerKey));
  const { state } = await (await bus.manager()).streams.info(LEDGER_STREAM);
  let moved = 0;
  for (const span of spansOf(own)) {
    const around = await entriesAround(bus, span, state.last_seq);
    const others = around.filter(({ key }) => !isOwn.has(key));
    // The last first: the broker looks at a file when something goes that is not its first entry.
    const done = await inTurn(others.reverse(), (each) => storeAgain(bus, each));
    moved += done.filter(Boolean).length;
  }
  return moved;
}

/** When something was dropped that told a provider whom to write to; those that meet are one. */
function spansOf(entries: readonly LedgerEntry[]): Span[] {
  const spans = entries
    .filter((entry) => entry.firstClaimAt !== undefined || entry.reopenedFor !== undefined)
    .map((entry) => ({
      // Reopened before `askedSince` was kept: nobody knows.
      from: timeOf(entry.askedSince ?? (entry.reopenedFor ? undefined : entry.firstClaimAt), 0),
      to: timeOf(entry.settledAt, Date.now()),
    }))
    .sort((one, other) => one.from - other.from);
  const joined: Span[] = [];
  for (const { from, to } of spans) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined.map(({ from, to }) => ({ from: from - CLOCKS_MS, to: to + CLOCKS_MS }));
}

function timeOf(at: string | undefined, otherwise: number): number {
  return at === undefined ? otherwise : Date.parse(at);
}

interface Settled {
  key: string;
  seq: number;
  data: Uint8Array;
}

/** Settled entries that may share a file with what was dropped in the span, as they are now, oldest first. */
async function entriesAround(bus: Bus, span: Span, lastSeq: number): Promise<Settled[]> {
  const before = await lastBefore(bus, new Date(span.from), lastSeq);
  const after = await firstOf(bus, { since: new Date(span.to) });
  const until = Math.min(lastSeq, (after?.seq ?? lastSeq) + REACH);
  const found: Settled[] = [];
  const from = { subject: ENTRIES, fromSeq: Math.max(1, before - REACH) };
  for await (const { seq, json, data } of readStream(bus, LEDGER_STREAM, from)) {
    if (seq > until) break;
    const entry = parseEntry(json);
    if (entry && isSettled(entry)) found.push({ key: ledgerKey(entry), seq, data });
  }
  return found;
}

/** The place of the last entry that is older: what was dropped after it had a later one. 0 when there is none. */
async function lastBefore(bus: Bus, time: Date, lastSeq: number): Promise<number> {
  let [low, high] = [0, lastSeq];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = await firstOf(bus, { fromSeq: middle });
    if (found && found.at < time) low = found.seq;
    else high = middle - 1;
  }
  return low;
}

async function firstOf(
  bus: Bus,
  from: { fromSeq: number } | { since: Date },
): Promise<StoredMessage | undefined> {
  const selection = { subject: ENTRIES, ...from };
  for await (const message of readStream(bus, LEDGER_STREAM, selection)) return message;
  return undefined;
}

/** False when somebody else has written it since it was read. */
async function storeAgain(bus: Bus, { key, seq, data }: Settled): Promise<boolean> {
  try {
    await (await bus.bucket('deliveries')).update(key, data, seq);
    return true;
  } catch (thrown) {
    if (isConflict(thrown)) return false;
    throw thrown;
  }
}

/** In their order, `AT_ONCE` under way. Ends at the first error, once what was begun has ended. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, items.length) }, worker);
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
