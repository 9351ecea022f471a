/**
 * How often something may be done within a time, counted for all processes together in a KV key by compare-and-set.
 * What is counted has an id: however often its work is repeated, it counts once. Keys carry hashes, never contacts.
 */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { orOutage } from '../errors.ts';
import { changeKey, readKey, type Key } from './kv.ts';

const CONTEST = { tries: 50, busy: 'too many count the same at once' };
const UNREADABLE = 'what was sent lately cannot be read';
/** A budget of thousands is one value at the broker: the end of an id is enough to tell its entries apart. */
const ID_LENGTH = 12;

/** Unix seconds, the end of an id, and what was done (a template), shortest first. */
const entriesSchema = z.array(z.tuple([z.number(), z.string(), z.string()]));
type Entries = z.infer<typeof entriesSchema>;

export interface Rule {
  /** At most a day: the bucket forgets what is older. */
  withinMs: number;
  most: number;
  /** Of the same `what` only. */
  isOfSame?: boolean;
}

export interface Use {
  /** Whose: `person.sms.<hash>`, `budget.sms.leads`. */
  key: string;
  /** The delivery. */
  id: string;
  what?: string;
  rules: readonly Rule[];
}

export type Taken =
  /** `left` is how often it could be taken still, by the rule that allows least. */
  | { isGranted: true; left: number }
  /** By the rule of this index; in so long it would be granted, if nobody else takes it first. */
  | { isGranted: false; rule: number; freeInMs: number };

/** Several uses that go together, each with its own id. */
export interface Uses extends Omit<Use, 'id'> {
  ids: readonly string[];
}

/** All methods throw TransientError when the broker does not answer. */
export interface Quota {
  /** Counts a use unless a rule is against it. Taken before under the same id, it is only moved to now. */
  take(use: Use): Promise<Taken>;
  /** Counts all of them or none; those that were taken before need no room. */
  takeAll(uses: Uses): Promise<Taken>;
  /** The use did not happen. */
  giveBack(key: string, id: string): Promise<void>;
  /** How many there were within each of these times, in milliseconds. */
  count(key: string, times: readonly number[]): Promise<number[]>;
  /** Everything that was counted is forgotten: a person has decided so. */
  clear(key: string): Promise<void>;
}

export function createQuota(bus: Pick<Bus, 'bucket'>, now: () => number = Date.now): Quota {
  const at = (key: string): Key<Entries> => ({ bucket: 'limits', key, schema: entriesSchema });
  const read = async (key: string): Promise<Entries> => (await readKey(bus, at(key))) ?? [];
  /** `next` returns undefined to leave things as they are. */
  const change = (key: string, next: (entries: Entries) => Entries | undefined): Promise<void> =>
    orOutage(UNREADABLE, async () => {
      await changeKey(bus, at(key), (entries) => next(entries ?? []), CONTEST);
    });

  const takeAll = async ({ key, ids, what = '', rules }: Uses): Promise<Taken> => {
    const own = new Set(ids.map((id) => id.slice(-ID_LENGTH)));
    const longestMs = Math.max(...rules.map(({ withinMs }) => withinMs));
    let taken: Taken = { isGranted: true, left: Infinity };
    await change(key, (entries) => {
      const time = now();
      const others = within(entries, time, longestMs).filter(([, other]) => !own.has(other));
      const known = new Set(entries.map(([, other]) => other).filter((other) => own.has(other)));
      const needed = own.size - known.size;
      const states = rules.map((rule) => stateOf(rule, others, { what, at: time, size: own.size }));
      const blocked = states.findIndex(({ left }) => left < own.size);
      if (blocked >= 0 && needed > 0) {
        taken = { isGranted: false, rule: blocked, freeInMs: states[blocked]?.freeInMs ?? 0 };
        return undefined;
      }
      taken = { isGranted: true, left: Math.min(...states.map(({ left }) => left)) - own.size };
      const seconds = Math.floor(time / 1_000);
      return [...others, ...[...own].map((id): Entries[number] => [seconds, id, what])];
    });
    return taken;
  };

  return {
    take: ({ id, ...use }) => takeAll({ ...use, ids: [id] }),
    takeAll,

    giveBack: (key, id) =>
      change(key, (entries) => {
        const rest = entries.filter(([, other]) => other !== id.slice(-ID_LENGTH));
        return rest.length === entries.length ? undefined : rest;
      }),

    count: (key, times) =>
      orOutage(UNREADABLE, async () => {
        const entries = await read(key);
        return times.map((ms) => within(entries, now(), ms).length);
      }),

    clear: (key) => change(key, (entries) => (entries.length === 0 ? undefined : [])),
  };
}

function within(entries: Entries, at: number, ms: number): Entries {
  return entries.filter(([seconds]) => seconds * 1_000 > at - ms);
}

function stateOf(
  { withinMs, most, isOfSame }: Rule,
  others: Entries,
  { what, at, size }: { what: string; at: number; size: number },
) {
  const counted = within(others, at, withinMs).filter(([, , each]) => !isOfSame || each === what);
  const times = counted.map(([seconds]) => seconds * 1_000).sort((a, b) => a - b);
  // With this one gone there is room again.
  const oldestInTheWay = times[times.length - most + size - 1];
  return {
    left: most - times.length,
    freeInMs: oldestInTheWay === undefined ? withinMs : oldestInTheWay + withinMs - at + 1_000,
  };
}
