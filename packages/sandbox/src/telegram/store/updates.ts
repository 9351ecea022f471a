/** What waits to be told to each bot: kept 24 hours, numbered, confirmed by the next offset or by a webhook's 2xx. */
import type { World } from '../../world/provider.ts';
import type { Bot } from './records.ts';

/** Kept no longer than this (Bot API manual, "Getting updates"). */
export const UPDATE_LIFE_MS = 24 * 3600_000;
/** Numbers start somewhere, not at 1. */
const FIRST_UPDATE = 700_000_000;
/** So many of the last updates can be repeated by the control plane. */
const KEPT_FOR_REPEATS = 100;

export type Update = {
  id: number;
  /** Virtual milliseconds since 1970. */
  at: number;
  chatKey: string;
  /** The name of its field: message, my_chat_member, or what the control plane pushed. */
  type: string;
  body: Record<string, unknown>;
};

type State = { lastId: number; allowed: string[] | null };

export type Updates = {
  /** Queues an update, unless the bot asked not to hear of this type. */
  push(bot: Bot, chatKey: string, type: string, body: Record<string, unknown>): void;
  /** What was not confirmed yet, oldest first. */
  pending(bot: Bot): Update[];
  confirm(bot: Bot, id: number): void;
  drop(bot: Bot): void;
  /** Which types to queue from now on; an empty list means the default ones. */
  allow(bot: Bot, types: string[]): void;
  allowed(bot: Bot): string[] | null;
  /** Makes an update come once more under its old number: the named one, or the last. False when there is none. */
  repeat(bot: Bot, id?: number): boolean;
  /** Takes what `repeat` asked for. */
  takeRepeated(bot: Bot): Update[];
  /** `hear` is called for every update that was queued or is to be repeated. */
  listen(hear: (bot: Bot) => void): void;
  reset(): void;
};

/** The body as a bot gets it. */
export const wireUpdate = ({ id, type, body }: Update): Record<string, unknown> => ({
  update_id: id,
  [type]: body,
});

/** Queues are in the store; the few updates that can be repeated are in memory. */
export function createUpdates({ store, clock }: World): Updates {
  const states = store.table<State>('telegram-update-states');
  const queue = (bot: Bot) => store.table<Update>(`telegram-updates:${bot.id}`);
  const stateOf = (bot: Bot): State =>
    states.get(String(bot.id)) ?? { lastId: FIRST_UPDATE, allowed: null };
  const listeners: ((bot: Bot) => void)[] = [];
  let recent = new Map<number, Update[]>();
  let repeated = new Map<number, Update[]>();

  const pending = (bot: Bot): Update[] => {
    const isOld = ({ at }: Update): boolean => clock.now() - at > UPDATE_LIFE_MS;
    for (const { id } of queue(bot).all().filter(isOld)) queue(bot).remove(String(id));
    return queue(bot).all();
  };
  return {
    push: (bot, chatKey, type, body) => {
      const state = stateOf(bot);
      if (state.allowed !== null && !state.allowed.includes(type)) return;
      const id = state.lastId + 1;
      const update: Update = { id, at: clock.now(), chatKey, type, body };
      store.transaction(() => {
        states.put(String(bot.id), { ...state, lastId: id });
        queue(bot).put(String(id), update);
      });
      recent.set(bot.id, [...(recent.get(bot.id) ?? []), update].slice(-KEPT_FOR_REPEATS));
      for (const hear of listeners) hear(bot);
    },
    pending,
    confirm: (bot, id) => queue(bot).remove(String(id)),
    drop: (bot) => {
      for (const { id } of queue(bot).all()) queue(bot).remove(String(id));
    },
    allow: (bot, types) =>
      states.put(String(bot.id), { ...stateOf(bot), allowed: types.length > 0 ? types : null }),
    allowed: (bot) => stateOf(bot).allowed,
    repeat: (bot, id) => {
      const known = recent.get(bot.id) ?? [];
      const update = id === undefined ? known.at(-1) : known.find((each) => each.id === id);
      if (update === undefined) return false;
      repeated.set(bot.id, [...(repeated.get(bot.id) ?? []), update]);
      for (const hear of listeners) hear(bot);
      return true;
    },
    takeRepeated: (bot) => {
      const taken = repeated.get(bot.id) ?? [];
      repeated.delete(bot.id);
      return taken;
    },
    listen: (hear) => void listeners.push(hear),
    reset: () => {
      recent = new Map();
      repeated = new Map();
    },
  };
}
