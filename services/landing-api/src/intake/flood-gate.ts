/**
 * Whether more leads come than can be real. What it promises:
 *
 * - Beyond `limit` new leads in the last minute, over all forms and replicas, leads are held (`flood`) until a minute
 *   has brought no more than half of that. No lead is refused, and none waits for this: `arrive` asks nobody.
 * - Replicas count together, in one key of the bucket `limits`, changed by compare-and-set every half second while
 *   leads come: a replica lets through what the others took in that time at most. A restart forgets nothing.
 * - While the broker is away each replica goes by its own count.
 * - One alert says that it has begun, one that it is over, with numbers and what a button needs to let the leads out.
 */
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { changeKey } from '@leadwire/shared/coordination/kv';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

const MINUTE_MS = 60_000;
const SLOT_MS = 5_000;
const SYNC_MS = 500;
/** Between two looks while nothing comes: another replica may be under a flood. */
const IDLE_SYNC_MS = 5_000;
/** The alert's numbers grow; whether it is told again is the alerts' business. */
const TELL_MS = 60_000;
const CONTEST = { tries: 10, busy: 'the count of leads is changed all the time' };
const WHAT = 'flood';

const stateSchema = z.object({
  /** New leads by the beginning of their five seconds, in Unix milliseconds. */
  slots: z.record(z.string(), z.number()),
  flood: z.object({ since: z.number(), held: z.number() }).nullable(),
});
type State = z.infer<typeof stateSchema>;
const EMPTY: State = { slots: {}, flood: null };
const KEY = { bucket: 'limits', key: 'intake_rate', schema: stateSchema.catch(EMPTY) } as const;

export interface Arrived {
  isHeld: boolean;
  /** It was a repeat, or was not stored: it does not count. */
  cancel(): void;
}

export interface FloodGate {
  /** Counts one more lead. */
  arrive(): Arrived;
  /** Shares the count with the other replicas, and tells people. */
  start(): BackgroundWork;
}

export interface FloodPorts {
  bus: Pick<Bus, 'bucket' | 'isConnected'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  log: Log;
  /** New leads in a minute that are no flood yet. */
  limit: number;
  now?: () => number;
}

export function createFloodGate({
  bus,
  alerts,
  log,
  limit,
  now = Date.now,
}: FloodPorts): FloodGate {
  let shared = EMPTY;
  /** Counted here and not shared yet. */
  let own: State = EMPTY;
  let syncedAt = 0;
  let toldAt = 0;
  /** A flood of before the start may have ended with nobody there to say so. */
  let mayBeTold = true;

  const inMinute = (): number => countSince(shared, now()) + countSince(own, now());
  const add = (count: number): void => {
    const slot = String(now() - (now() % SLOT_MS));
    own = { ...own, slots: { ...own.slots, [slot]: (own.slots[slot] ?? 0) + count } };
  };
  const hold = (count: number): void => {
    const { since, held } = own.flood ?? { since: shared.flood?.since ?? now(), held: 0 };
    own = { ...own, flood: { since, held: held + count } };
  };

  /** Puts our count into the shared one, and finds out whether the flood is over. */
  const sync = async (): Promise<{ ended: State['flood'] }> => {
    let ours = own;
    let together = EMPTY;
    let next = EMPTY;
    let isOver = false;
    await changeKey(
      bus,
      KEY,
      (stored) => {
        const before = stored ?? EMPTY;
        ours = own;
        together = joined(before, ours, now());
        isOver = together.flood !== null && countSince(together, now()) <= limit / 2;
        next = isOver ? { ...together, flood: null } : together;
        return JSON.stringify(next) === JSON.stringify(before) ? undefined : next;
      },
      CONTEST,
    );
    shared = next;
    own = without(own, ours, next.flood);
    syncedAt = now();
    return { ended: isOver ? together.flood : null };
  };

  const tell = async (ended: State['flood']): Promise<void> => {
    if (shared.flood !== null && now() - toldAt > TELL_MS) {
      toldAt = now();
      mayBeTold = true;
      const { since } = shared.flood;
      const message = beganText(inMinute(), limit, since);
      await alerts.raise({ severity: 'critical', what: WHAT, message, release: releaseOf(since) });
    } else if (ended !== null) {
      log.warn({ held: ended.held, since: new Date(ended.since) }, 'the flood of leads is over');
      toldAt = 0;
      await alerts.resolve(WHAT, endedText(ended), { release: releaseOf(ended.since) });
      mayBeTold = false;
    } else if (shared.flood === null && mayBeTold) {
      await alerts.resolve(WHAT, 'Поток заявок прошёл.');
      mayBeTold = false;
    }
  };

  return {
    arrive() {
      add(1);
      const flood = own.flood ?? shared.flood;
      // The end is found by `sync`; while the broker is away nobody else finds it.
      const isHeld = inMinute() > (flood === null ? limit : limit / 2);
      if (!isHeld) return { isHeld, cancel: () => add(-1) };
      if (flood === null) log.error({ limit }, 'a flood of leads: they are held from here on');
      hold(1);
      return {
        isHeld,
        cancel() {
          add(-1);
          hold(-1);
        },
      };
    },

    start: () =>
      startPeriodic({
        name: 'flood-gate',
        everyMs: SYNC_MS,
        onError: (err) => log.debug({ err }, 'the count of leads could not be shared'),
        async work() {
          const isIdle = Object.keys(own.slots).length === 0 && shared.flood === null;
          if (!bus.isConnected() || (isIdle && now() - syncedAt < IDLE_SYNC_MS)) return;
          const { ended } = await sync();
          await tell(ended);
        },
      }),
  };
}

function countSince({ slots }: State, now: number): number {
  return Object.entries(slots)
    .filter(([slot]) => Number(slot) > now - MINUTE_MS)
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Both counts as one, without what is older than a minute. */
function joined(one: State, other: State, now: number): State {
  const slots: Record<string, number> = {};
  for (const [slot, count] of [...Object.entries(one.slots), ...Object.entries(other.slots)]) {
    if (Number(slot) > now - MINUTE_MS) slots[slot] = (slots[slot] ?? 0) + count;
  }
  if (one.flood === null || other.flood === null) return { slots, flood: one.flood ?? other.flood };
  const since = Math.min(one.flood.since, other.flood.since);
  return { slots, flood: { since, held: one.flood.held + other.flood.held } };
}

/** What came in while `shared` was being written stays ours. */
function without(own: State, shared: State, flood: State['flood']): State {
  const rest = Object.entries(own.slots)
    .map(([slot, count]) => [slot, count - (shared.slots[slot] ?? 0)] as const)
    .filter(([, count]) => count !== 0);
  const held = (own.flood?.held ?? 0) - (shared.flood?.held ?? 0);
  const isLeft = held !== 0 && flood !== null;
  return { slots: Object.fromEntries(rest), flood: isLeft ? { since: flood.since, held } : null };
}

function releaseOf(since: number) {
  return { reason: 'flood' as const, since: new Date(since).toISOString() };
}

const command = (since: number) =>
  `leadwire leads release --reason flood --since ${new Date(since).toISOString()}`;

function beganText(count: number, limit: number, since: number): string {
  return (
    `Заявок слишком много: ${count} за минуту, порог ${limit}. Новые заявки сохраняются, но удержаны: писем, SMS, ` +
    `сделок и уведомлений по ним нет, пока поток не пройдёт. Если это ваша реклама, выпустите их: ${command(since)}`
  );
}

function endedText({ since, held }: { since: number; held: number }): string {
  return (
    `Поток заявок прошёл, новые идут как обычно. Удержано заявок: ${held}. ` +
    `Если среди них есть настоящие, выпустите их: ${command(since)}`
  );
}
