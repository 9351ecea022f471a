/** What follows for a group from what Telegram says of its chat. */
import { SnoozeError, PermanentError } from '@leadwire/shared/errors';
import type { ChatError } from '@leadwire/shared/providers/telegram/bot-api';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import type { Backoff } from './backoff.ts';
import type { GroupStore } from './group-store.ts';
import type { BotSender } from '../bot/pace.ts';

/** Why a forum is paused whose General topic was closed: messages without a topic appear there. */
export const GENERAL_CLOSED = 'general_closed';

export interface ChatErrorPorts {
  groups: Pick<GroupStore, 'byId' | 'deactivate' | 'pause' | 'move' | 'leaveTopic'>;
  sender: Pick<BotSender, 'isMember'>;
}

/**
 * Changes the group to which a message could not be sent, and returns what the message's handler has to
 * throw: that it should look again at once, or that this message will never work.
 * @throws what the broker or getChatMember throw.
 */
export type OnChatError = (error: ChatError, group: TelegramGroup) => Promise<Error>;

export function createOnChatError({ groups, sender }: ChatErrorPorts): OnChatError {
  /** Returns false when nothing can be done about it. */
  const change = async (error: ChatError, group: TelegramGroup): Promise<boolean> => {
    const { groupId, bot, chatId } = group;
    switch (error.kind) {
      case 'moved':
        if (error.newChatId === undefined) return false;
        await groups.move(bot, chatId, error.newChatId);
        return true;
      case 'topic':
        if (group.threadId === undefined) await groups.pause(groupId, GENERAL_CLOSED);
        else await groups.leaveTopic(groupId);
        return true;
      case 'no_rights':
        await groups.pause(groupId, error.reason);
        return true;
      case 'no_access':
        if (await sender.isMember(chatId)) await groups.pause(groupId, error.reason);
        else await groups.deactivate(groupId, error.reason);
        return true;
      case 'gone':
        await groups.deactivate(groupId, error.reason);
        return true;
    }
  };

  return async (error, group) => {
    // Another replica, or an update, may have told of it while this message was on its way.
    const current = await groups.byId(group.groupId);
    const isKnown = current?.chatId !== group.chatId || current.state !== 'active';
    if (isKnown || (await change(error, group))) return lookAgain();
    return new PermanentError(`telegram_${error.kind}`, error.message);
  };
}

/** The group has changed: the message comes back at once and finds out what that means for it. */
export function lookAgain(): SnoozeError {
  return new SnoozeError('the group has changed', 0);
}

/** Whether a message may go there now: a pause is tried from time to time, the refusal may have been a passing one. */
export function mayBeTried(
  { groupId, state }: TelegramGroup,
  refusals: Pick<Backoff, 'waitMs'>,
): boolean {
  return state === 'active' || (state === 'paused' && refusals.waitMs(groupId) === 0);
}
