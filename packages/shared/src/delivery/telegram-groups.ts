/**
 * The Telegram groups that get notices, as the bucket `telegram_groups` holds them. telegram-relay alone
 * writes them (services/telegram-relay/src/groups/group-store.ts); the table of the same name is its mirror.
 */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { orOutage } from '../errors.ts';
import { leadKinds } from '../contract/events.ts';

/** The stream and subjects behind the bucket (ADR-8 of NATS). */
const GROUPS_STREAM = 'KV_telegram_groups';
const PREFIX = '$KV.telegram_groups.';

/** The bots that speak in groups. The third one, `mentor`, speaks to students alone. */
export const groupBots = ['leads', 'admin'] as const;
export type GroupBot = (typeof groupBots)[number];

/**
 * active: gets its notices. paused: the bot may not write there; notices wait. deactivated: the group is
 * gone or wants none; its notices are skipped.
 */
export const groupStates = ['active', 'paused', 'deactivated'] as const;
export type GroupState = (typeof groupStates)[number];

export const telegramGroupSchema = z.object({
  groupId: z.uuid(),
  bot: z.enum(groupBots),
  /** Telegram's id: up to 52 bits and a sign, so it is kept as text. */
  chatId: z.string().regex(/^-?\d{1,20}$/),
  /** Ids it had before Telegram gave it a new one: notices may still wait under them. */
  formerChatIds: z.array(z.string()),
  title: z.string(),
  /** Empty means every kind. */
  leadKinds: z.array(z.enum(leadKinds)),
  state: z.enum(groupStates),
  /** One token, or undefined while it is active: `kicked`, `no_rights`, `by_command`. */
  stateReason: z.string().optional(),
  /** The topic of a forum group in which notices appear. */
  threadId: z.number().int().optional(),
  /** When it was last switched on: earlier leads are not for it. */
  activatedAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
});
export type TelegramGroup = z.infer<typeof telegramGroupSchema>;

/** A group with the right to write it. */
export interface HeldGroup {
  group: TelegramGroup;
  revision: number;
}

/** Whether the group gets notices of this kind of lead. */
export function takesKind(
  { leadKinds: wanted }: TelegramGroup,
  kind: (typeof leadKinds)[number],
): boolean {
  return wanted.length === 0 || wanted.includes(kind);
}

/** Reads groups. All methods throw TransientError when the broker does not answer. */
export interface GroupReader {
  /** Every group as it is now, by the time they were first activated. */
  all(): Promise<HeldGroup[]>;
  byId(groupId: string): Promise<TelegramGroup | undefined>;
}

/**
 * Reads the bucket only after it has changed: one request tells whether it has, so that every lead can
 * afford to ask and sees a group that was activated a moment ago.
 */
export function createGroupReader(bus: Pick<Bus, 'bucket' | 'manager'>): GroupReader {
  let known: { lastSeq: number; groups: HeldGroup[] } | undefined;

  const readOne = async (groupId: string): Promise<HeldGroup | undefined> => {
    const found = await (await bus.bucket('telegram_groups')).get(groupId);
    if (found?.operation !== 'PUT') return undefined;
    return { group: telegramGroupSchema.parse(found.json()), revision: found.revision };
  };

  const all = (): Promise<HeldGroup[]> =>
    orOutage('the Telegram groups cannot be read', async () => {
      const manager = await bus.manager();
      const filter = { subjects_filter: `${PREFIX}>` };
      const { state } = await manager.streams.info(GROUPS_STREAM, filter);
      if (known?.lastSeq === state.last_seq) return known.groups;
      const keys = Object.keys(state.subjects ?? {});
      const found = await Promise.all(keys.map((key) => readOne(key.slice(PREFIX.length))));
      const groups = found
        .filter((each) => each !== undefined)
        .sort((a, b) => (a.group.createdAt < b.group.createdAt ? -1 : 1));
      known = { lastSeq: state.last_seq, groups };
      return groups;
    });

  return {
    all,
    byId: async (groupId) => (await all()).find(({ group }) => group.groupId === groupId)?.group,
  };
}
