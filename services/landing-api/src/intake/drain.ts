/**
 * Carries the journal to the broker. What it promises:
 *
 * - Every entry becomes a lead in the stream, under the id and as the event that its sender was
 *   answered with, once: it is stored only if the stream has no lead with this id, and its file goes
 *   after the broker has confirmed it. Killed in between, the next run finds the lead in its place.
 * - In the journal's own order, one after the other; new leads go to the broker past it meanwhile.
 * - An entry whose key was used for something else becomes a lead of its own (`keyConflictFact`). One that
 *   the broker refuses by name goes behind the others; one that cannot be read is set aside in refused/.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { apiCode } from '@leadwire/shared/broker/error-codes';
import type { Bus, Published } from '@leadwire/shared/broker/bus';
import { CONTENT_HASH_HEADER } from '@leadwire/shared/contract/topology';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { JournalEntry } from './journal-entry.ts';
import type { Journal } from './journal.ts';
import {
  doubleClickId,
  isDoubleClick,
  keyConflictFact,
  publishLead,
  type LeadFact,
} from './lead-fact.ts';

/** Between two looks at an empty journal, or at a broker that is away. */
const LOOK_MS = 200;
/** After a failure while the broker is there: twice as long each time. */
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export interface DrainPorts {
  bus: Bus;
  journal: Journal;
  log: Log;
}

/** Starts at once and goes on until `stop`, which waits for the entry under way; the rest stays. */
export function startDrain({ bus, journal, log }: DrainPorts): BackgroundWork {
  const over = new AbortController();
  const isOver = () => over.signal.aborted;
  const refusals = new Map<string, number>();
  const refusalsOf = ({ file }: JournalEntry) => refusals.get(file) ?? 0;

  /** @throws when the broker or the disk fails. */
  const drainOne = async ({ file, leadId }: JournalEntry): Promise<void> => {
    const fact = await journal.read(file);
    if (!fact) return;
    const { stored, existing } = await publishEntry(bus, fact);
    const isThere = stored || existing?.header(CONTENT_HASH_HEADER) === fact.contentHash;
    // Killed between these two, the next run finds the lead in its place.
    if (!isThere) await publishLead(bus, keyConflictFact(fact));
    await journal.remove(file);
    const outcome = stored ? 'drained' : isThere ? 'duplicate' : 'key_conflict';
    log.info({ leadId, outcome }, 'journal');
  };

  /** True when nothing was left because of a failure. */
  const drainAll = async (): Promise<boolean> => {
    await journal.scan();
    let isClear = true;
    const inOrder = journal.waiting().sort((a, b) => refusalsOf(a) - refusalsOf(b));
    for (const entry of inOrder) {
      if (isOver()) return true;
      try {
        await drainOne(entry);
        refusals.delete(entry.file);
      } catch (thrown) {
        isClear = false;
        const error = toError(thrown);
        log.warn({ leadId: entry.leadId, err: error }, 'a lead stays in the journal');
        if (isAboutThisOne(error)) refusals.set(entry.file, refusalsOf(entry) + 1);
        if (isFromTheBroker(error)) return false;
      }
    }
    return isClear;
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !isOver();) {
      if (journal.depth() > 0 && bus.isConnected()) {
        const isClear = await drainAll().catch((thrown: unknown) => {
          log.warn({ err: toError(thrown) }, 'the journal cannot be drained');
          return false;
        });
        failures = isClear ? 0 : failures + 1;
      }
      const pause = failures === 0 ? LOOK_MS : SHORTEST_PAUSE_MS * 2 ** (failures - 1);
      const pauseMs = Math.min(pause, LONGEST_PAUSE_MS);
      await delay(pauseMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const finished = run();

  return {
    name: 'journal',
    problem: () => undefined,
    stop() {
      over.abort();
      return finished;
    },
  };
}

/**
 * The lead's own id decides. A young one without a key also takes its place in the broker's memory
 * for double clicks, for those that come to other replicas; but an equal lead that the broker
 * remembers must not swallow this one, whose sender holds a 201 with this id.
 */
async function publishEntry(bus: Bus, fact: LeadFact): Promise<Published> {
  const receivedAt = Date.parse(fact.event.data.receivedAt);
  if (!fact.isKeyed && isDoubleClick(receivedAt, Date.now())) {
    const published = await publishLead(bus, fact, { msgId: doubleClickId(fact) });
    if (published.stored) return published;
  }
  return publishLead(bus, fact);
}

/** The broker answered and said no, or our own disk did: others may fare better. */
function isAboutThisOne(error: Error): boolean {
  return !isFromTheBroker(error) || apiCode(error.cause) !== undefined;
}

function isFromTheBroker(error: Error): boolean {
  return error.name === 'TransientError';
}
