/**
 * The groups that get notices. The bucket is the truth, changed by compare-and-set only, so that replicas
 * agree and a database that is down stops nothing; mirror.ts writes the table after it.
 */
import { isConflict, type Bus } from '@leadwire/shared/broker/bus';
import { TransientError, orOutage } from '@leadwire/shared/errors';
import type { LeadKind } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import {
  createGroupReader,
  telegramGroupSchema,
  type GroupBot,
  type HeldGroup,
  type TelegramGroup,
} from '@leadwire/shared/delivery/telegram-groups';

const TRIES = 20;
const UNWRITABLE = 'the Telegram groups cannot be written';

export interface Activation {
  bot: GroupBot;
  chatId: string;
  title: string;
  /** Empty means every kind. */
  leadKinds: LeadKind[];
  threadId?: number | undefined;
}

/**
 * All changes return the group as it is after them when this call changed it, and undefined when there
 * was nothing to change: of several replicas that see the same thing, one is told that it did it.
 * All methods throw TransientError when the broker does not answer.
 */
export interface GroupStore {
  list(): Promise<TelegramGroup[]>;
  byId(groupId: string): Promise<TelegramGroup | undefined>;
  byChat(bot: GroupBot, chatId: string): Promise<TelegramGroup | undefined>;
  /**
   * Switches a chat on, or changes what it gets. Leads from before are not for it, unless it was on (or
   * paused) already.
   */
  activate(activation: Activation): Promise<TelegramGroup | undefined>;
  /** For good, until somebody activates it again: the notices that wait for it are skipped. */
  deactivate(groupId: string, reason: string): Promise<TelegramGroup | undefined>;
  /** We may not write there for now: its notices wait. Only an active group is paused. */
  pause(groupId: string, reason: string): Promise<TelegramGroup | undefined>;
  /** The end of a pause. A deactivated group stays so. */
  resume(groupId: string): Promise<TelegramGroup | undefined>;
  /** Telegram gave the chat a new id. */
  move(bot: GroupBot, oldChatId: string, newChatId: string): Promise<TelegramGroup | undefined>;
  /** The chat has a new name. */
  rename(groupId: string, title: string): Promise<TelegramGroup | undefined>;
  /** The topic for notices is gone: they appear in the group itself from now on. */
  leaveTopic(groupId: string): Promise<TelegramGroup | undefined>;
  /** Takes over a group that only the table knew; one whose id or chat is known stays as it is. */
  adopt(group: TelegramGroup): Promise<TelegramGroup | undefined>;
  /** Called after each change that this process made. */
  onChange(listener: (group: TelegramGroup) => void): void;
}

export function createGroupStore(
  bus: Pick<Bus, 'bucket' | 'manager'>,
  now: () => Date = () => new Date(),
): GroupStore {
  const reader = createGroupReader(bus);
  const listeners: ((group: TelegramGroup) => void)[] = [];

  const find = async (isTheOne: (group: TelegramGroup) => boolean) =>
    (await reader.all()).find(({ group }) => isTheOne(group));

  /** Writes what `change` makes of the group now; it returns undefined to leave everything as it is. */
  const change = (
    isTheOne: (group: TelegramGroup) => boolean,
    toNext: (held: HeldGroup | undefined) => Promise<TelegramGroup | undefined> | undefined,
  ): Promise<TelegramGroup | undefined> =>
    orOutage(UNWRITABLE, async () => {
      const bucket = await bus.bucket('telegram_groups');
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const held = await find(isTheOne);
        const next = await toNext(held);
        if (!next) return undefined;
        const group = telegramGroupSchema.parse({ ...next, changedAt: now().toISOString() });
        try {
          const value = JSON.stringify(group);
          if (held) await bucket.update(group.groupId, value, held.revision);
          else await bucket.create(group.groupId, value);
        } catch (thrown) {
          if (isConflict(thrown)) continue;
          throw thrown;
        }
        for (const listener of listeners) listener(group);
        return group;
      }
      throw new TransientError('too many change the same Telegram group');
    });

  /** Changes a group that is there. */
  const edit = (
    isTheOne: (group: TelegramGroup) => boolean,
    toNext: (
      group: TelegramGroup,
    ) => TelegramGroup | undefined | Promise<TelegramGroup | undefined>,
  ) => change(isTheOne, async (held) => held && toNext(held.group));

  const isChat = (bot: GroupBot, chatId: string) => (group: TelegramGroup) =>
    group.bot === bot && group.chatId === chatId;
  const isGroup = (groupId: string) => (group: TelegramGroup) => group.groupId === groupId;

  return {
    list: async () => (await reader.all()).map(({ group }) => group),
    byId: (groupId) => reader.byId(groupId),
    byChat: async (bot, chatId) => (await find(isChat(bot, chatId)))?.group,

    activate: (activation) =>
      change(isChat(activation.bot, activation.chatId), (held) =>
        Promise.resolve(activated(held?.group, activation, now().toISOString())),
      ),

    deactivate: (groupId, reason) =>
      edit(isGroup(groupId), (group) =>
        group.state === 'deactivated'
          ? undefined
          : { ...group, state: 'deactivated', stateReason: reason },
      ),

    pause: (groupId, reason) =>
      edit(isGroup(groupId), (group) =>
        group.state === 'active' ? { ...group, state: 'paused', stateReason: reason } : undefined,
      ),

    resume: (groupId) =>
      edit(isGroup(groupId), (group) =>
        group.state === 'paused'
          ? { ...group, state: 'active', stateReason: undefined }
          : undefined,
      ),

    move: (bot, oldChatId, newChatId) =>
      edit(isChat(bot, oldChatId), async (group) => {
        // Somebody activated the new chat before we heard of the move: that one stays.
        const isTaken = (await find(isChat(bot, newChatId))) !== undefined;
        const formerChatIds = [...group.formerChatIds, oldChatId];
        const moved = { ...group, chatId: newChatId, formerChatIds };
        if (!isTaken) return moved;
        if (group.state === 'deactivated') return undefined;
        return { ...group, state: 'deactivated', stateReason: 'moved' };
      }),

    rename: (groupId, title) =>
      edit(isGroup(groupId), (group) => (group.title === title ? undefined : { ...group, title })),

    leaveTopic: (groupId) =>
      edit(isGroup(groupId), (group) =>
        group.threadId === undefined ? undefined : { ...group, threadId: undefined },
      ),

    adopt: (adopted) =>
      change(
        (group) => group.groupId === adopted.groupId || isChat(adopted.bot, adopted.chatId)(group),
        (held) => (held ? undefined : Promise.resolve(adopted)),
      ),

    onChange: (listener) => void listeners.push(listener),
  };
}

function activated(
  before: TelegramGroup | undefined,
  { bot, chatId, title, leadKinds, threadId }: Activation,
  at: string,
): TelegramGroup | undefined {
  const wanted = { title, leadKinds, threadId, state: 'active' as const, stateReason: undefined };
  if (!before) {
    // The id follows from the chat, so that two who activate it at once make one group.
    const groupId = derivedId('telegram-group', bot, chatId);
    const times = { activatedAt: at, createdAt: at, changedAt: at };
    return { groupId, bot, chatId, formerChatIds: [], ...wanted, ...times };
  }
  const isNothingNew =
    before.state === 'active' &&
    before.title === title &&
    before.threadId === threadId &&
    before.leadKinds.join() === leadKinds.join();
  if (isNothingNew) return undefined;
  const activatedAt = before.state === 'deactivated' ? at : before.activatedAt;
  return { ...before, ...wanted, activatedAt };
}
