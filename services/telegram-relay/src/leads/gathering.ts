/**
 * Gathers what waits for the same group's turn, so that leads that come faster than a group may be
 * written to arrive together instead of one after the other. One queue for each group and process.
 */
import { AmbiguousError, SnoozeError, toError } from '@leadwire/shared/errors';

/** What became of one item of a message. */
export type Verdict =
  | { kind: 'done' }
  /** The message was refused, perhaps because of another item: to be tried by itself. */
  | { kind: 'alone' }
  | { kind: 'failed'; error: Error };

export interface GatheringOptions<Item> {
  /** Waits for the group's turn; what it throws is thrown to everybody who waits. */
  turn: (groupId: string) => Promise<void>;
  /** How many of these, from the first, go into one message: at least one. */
  howManyFit: (items: readonly Item[]) => number;
  /** Sends one message; a verdict for each item, in their order. What it throws is the end of all. */
  send: (groupId: string, items: readonly Item[]) => Promise<Verdict[]>;
  /** More than this wait at the broker instead, so that one busy group leaves room for the others. */
  mostWaiting: number;
  /** How long one item of a busy group takes, in milliseconds: when the next one may come back. */
  itemMs: number;
  now?: () => number;
}

interface Seat<Item> {
  item: Item;
  isAlone: boolean;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Room<Item> {
  seats: Seat<Item>[];
  /** Unix milliseconds at which everybody who was turned away will have been served. */
  servedAt: number;
}

/** How soon those come back whose message failed with the one that tells of it. */
const TOGETHER_MS = 1_000;

/**
 * One failure of one message is one failure, however many leads were in it: the first tells of it, the
 * others just come back. Only one that may have shown them all counts for each: it is repeated a few times.
 */
export function shared(error: Error, index: number): Error {
  if (index === 0 || error instanceof AmbiguousError) return error;
  const waitMs = error instanceof SnoozeError ? error.retryAfterMs : TOGETHER_MS;
  return new SnoozeError('its message was not sent', waitMs);
}

/**
 * Returns a function that resolves when the item was sent, or rejects with why it was not.
 * @throws SnoozeError at once when too many wait already.
 */
export function createGathering<Item>(options: GatheringOptions<Item>) {
  const { mostWaiting, itemMs, now = Date.now } = options;
  const rooms = new Map<string, Room<Item>>();

  const serve = async (groupId: string, room: Room<Item>): Promise<void> => {
    while (room.seats.length > 0) {
      const [seats, error] = await options.turn(groupId).then(
        () => [take(room.seats), undefined] as const,
        (thrown: unknown) => [room.seats.splice(0), toError(thrown)] as const,
      );
      if (error) seats.forEach(({ reject }, index) => reject(shared(error, index)));
      else room.seats.unshift(...(await sendTo(groupId, seats)));
    }
    rooms.delete(groupId);
  };

  const take = (seats: Seat<Item>[]): Seat<Item>[] => {
    const firstAlone = seats.findIndex(({ isAlone }) => isAlone);
    if (firstAlone === 0) return seats.splice(0, 1);
    const together = firstAlone < 0 ? seats : seats.slice(0, firstAlone);
    return seats.splice(0, options.howManyFit(together.map(({ item }) => item)));
  };

  /** Returns those that have to be tried by themselves. */
  const sendTo = async (groupId: string, seats: Seat<Item>[]): Promise<Seat<Item>[]> => {
    const items = seats.map(({ item }) => item);
    const verdicts = await options.send(groupId, items).catch((thrown: unknown) =>
      seats.map((_, index): Verdict => {
        return { kind: 'failed', error: shared(toError(thrown), index) };
      }),
    );
    return seats.flatMap((seat, index) => {
      const verdict = verdicts[index];
      if (verdict?.kind === 'alone') return [{ ...seat, isAlone: true }];
      if (verdict?.kind === 'failed') seat.reject(verdict.error);
      else seat.resolve();
      return [];
    });
  };

  return (groupId: string, item: Item): Promise<void> =>
    new Promise((resolve, reject) => {
      const known = rooms.get(groupId);
      const room = known ?? { seats: [], servedAt: 0 };
      if (room.seats.length >= mostWaiting) {
        room.servedAt = Math.max(room.servedAt, now() + mostWaiting * itemMs) + itemMs;
        const waitMs = Math.round(room.servedAt - now());
        return reject(new SnoozeError('many wait for this group already', waitMs));
      }
      room.seats.push({ item, isAlone: false, resolve, reject });
      if (known) return;
      rooms.set(groupId, room);
      void serve(groupId, room);
    });
}
