/**
 * What the bots do in groups: people switch a group on and off themselves, and the group's life at
 * Telegram (added, kicked, restricted, moved, renamed) is followed. Each step may be repeated.
 */
import type { Log } from '@leadwire/shared/runtime/log';
import { looksLikeCode, type TelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import type { GroupBot, TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import * as answers from './answers.ts';
import type { GroupStore } from './group-store.ts';
import type { BotSender, Button } from '../bot/pace.ts';
import type { Chat, Command, Press, Told } from '../bot/update.ts';

export interface GroupCommandPorts {
  bot: GroupBot;
  groups: GroupStore;
  codes: Pick<TelegramCodes, 'use'>;
  /** From now on this person in Telegram is that one of those who work here. */
  tieStaff: (staffId: string, userId: string) => Promise<void>;
  /** The answer to /today for this group, as Telegram's HTML. */
  today: (group: TelegramGroup) => Promise<string>;
  /** The answer to /find for this group. */
  find: (group: TelegramGroup, words: readonly string[]) => Promise<string>;
  /** A button under a message in this group, which is on. */
  onPress: (press: Press, group: TelegramGroup) => Promise<PressReply>;
  roleOf: BotSender['roleOf'];
  log: Log;
  timeZone: string;
}

/** What whoever pressed a button sees for a moment (plain text), and the buttons that stand there from then on. */
export interface PressReply {
  words: string;
  buttons?: Button[][];
}

/** What to answer in the chat where it came from, as Telegram's HTML; undefined is silence. */
export type Reply = string | PressReply | undefined;

/** `cause` names the update, the same for its repeats. @throws TransientError when the broker fails. */
export type OnTold = (told: Told, cause: string) => Promise<Reply>;

type Act = (command: Command, cause: string) => Promise<Reply>;

export function createGroupCommands(ports: GroupCommandPorts): OnTold {
  const { bot, groups, log, timeZone } = ports;
  const groupOf = (chat: Chat) => groups.byChat(bot, chat.id);
  const isOn = (group: TelegramGroup | undefined) =>
    group !== undefined && group.state !== 'deactivated';

  /** What changes a group is its administrators' to say: the refusal, or undefined. */
  const refusalOf = async ({ chat, sender }: Command): Promise<string | undefined> => {
    // In its own name a chat speaks through its administrators alone.
    if (sender !== undefined && 'chatId' in sender) {
      return sender.chatId === chat.id ? undefined : answers.administratorsOnly;
    }
    const role = sender && (await ports.roleOf(chat.id, sender.userId));
    if (role === 'administrator') return undefined;
    log.warn({ bot, chatId: chat.id, role }, 'somebody else than an administrator was refused');
    return role === 'unknown' ? answers.cannotCheck : answers.administratorsOnly;
  };

  /** With a code, or without one where the group has had one: to change the kinds, or to come back. */
  const activate: Act = async (command, cause) => {
    const { chat, words, threadId } = command;
    const { code, kinds, strange } = readWords(words);
    if (strange !== undefined) return answers.unclear(strange);
    const group = await groupOf(chat);
    const isFree = isOn(group) ? kinds !== undefined : group?.stateReason === 'by_command';
    if (code === undefined && !isFree) {
      return isOn(group) ? answers.status(group, bot, timeZone) : answers.codeNeeded;
    }
    const refusal = await refusalOf(command);
    if (refusal !== undefined) return refusal;
    if (code !== undefined) {
      const used = await ports.codes.use(
        code,
        cause,
        (purpose) => purpose.kind === 'group' && purpose.bot === bot,
      );
      if (used.kind !== 'taken') {
        log.warn({ bot, chatId: chat.id, why: used.kind }, 'an activation code was not taken');
        return answers.codeRefused(used.kind, group);
      }
    }
    const leadKinds = [...(kinds ?? group?.leadKinds ?? [])];
    const wanted = { bot, chatId: chat.id, title: chat.title, leadKinds, threadId };
    const changed = await groups.activate(wanted);
    if (changed) log.info({ bot, chatId: chat.id, leadKinds }, 'a group was activated');
    const now = changed ?? (await groupOf(chat));
    return now && answers.activated(now);
  };

  const deactivate: Act = async (command) => {
    const { chat } = command;
    const group = await groupOf(chat);
    if (!group || !isOn(group)) return answers.alreadyOff;
    const refusal = await refusalOf(command);
    if (refusal !== undefined) return refusal;
    await groups.deactivate(group.groupId, 'by_command');
    log.info({ bot, chatId: chat.id }, 'a group was deactivated by command');
    return answers.switchedOff;
  };

  /** Anybody can add a bot to a group of their own: numbers are for groups that had a code. */
  const today: Act = async ({ chat }) => {
    const group = await groupOf(chat);
    return group && isOn(group) ? ports.today(group) : answers.activateFirst;
  };

  /** Nobody gets anything outside of our groups, nor whoever is in none of them. */
  const find: Act = async ({ chat, words, sender }) => {
    const group = await groupOf(chat);
    if (!group || !isOn(group)) return undefined;
    const isPerson = sender !== undefined && 'userId' in sender;
    if (isPerson && (await ports.roleOf(chat.id, sender.userId)) === 'stranger') return undefined;
    return ports.find(group, words);
  };

  const onPress = async (press: Press): Promise<Reply> => {
    const group = await groupOf(press.chat);
    if (!group || !isOn(group)) return { words: answers.notOurGroup };
    const role = await ports.roleOf(press.chat.id, press.by.userId);
    if (role === 'stranger') return { words: answers.membersOnly };
    return ports.onPress(press, group);
  };

  const status: Act = async ({ chat }) => answers.status(await groupOf(chat), bot, timeZone);

  const start: Act = async (command) => {
    const group = await groupOf(command.chat);
    return isOn(group) ? answers.status(group, bot, timeZone) : answers.greeting(bot);
  };

  /** Somebody opened the one-time link of the console: they say who they are. */
  const inPrivate: Act = async ({ name, words, sender }, cause) => {
    const [code] = words;
    if (bot !== 'leads' || name !== 'start' || code === undefined) return answers.onlyInGroups(bot);
    if (sender === undefined || !('userId' in sender)) return answers.onlyInGroups(bot);
    const used = await ports.codes.use(code, cause, ({ kind }) => kind === 'staff');
    if (used.kind !== 'taken' || used.purpose.kind !== 'staff') {
      log.warn({ bot, why: used.kind }, 'a link of somebody who works here was not taken');
      return answers.staffLinkRefused;
    }
    const { staffId } = used.purpose;
    await ports.tieStaff(staffId, sender.userId);
    log.info({ staffId }, 'somebody who works here tied their Telegram');
    return answers.staffTied;
  };

  const acts: Readonly<Record<string, Act>> = {
    activate,
    deactivate,
    today,
    find,
    status,
    start,
    help: start,
  };

  const onCommand: Act = async (command, cause) => {
    if (command.chat.type === 'private') return inPrivate(command, cause);
    const act = Object.hasOwn(acts, command.name) ? acts[command.name] : undefined;
    if (act) return act(command, cause);
    // Without our name it may be meant for another bot of the group.
    return command.to === undefined ? undefined : answers.unknownCommand(bot);
  };

  const onMembership = async ({ chat, before, now }: Told & { kind: 'membership' }) => {
    if (chat.type === 'private') return undefined;
    const group = await groupOf(chat);
    if (group && now === 'out') await groups.deactivate(group.groupId, 'removed');
    if (group && now === 'silent') await groups.pause(group.groupId, 'no_rights');
    if (group && now === 'speaks') await groups.resume(group.groupId);
    log.info({ bot, chatId: chat.id, before, now }, 'membership');
    const isNew = before === 'out' && now === 'speaks' && !isOn(group);
    return isNew ? answers.greeting(bot) : undefined;
  };

  return async (told, cause) => {
    switch (told.kind) {
      case 'command':
        return onCommand(told, cause);
      case 'press':
        return onPress(told);
      case 'membership':
        return onMembership(told);
      case 'moved':
        await groups.move(bot, told.from, told.to);
        return undefined;
      case 'renamed': {
        const group = await groupOf(told.chat);
        if (group) await groups.rename(group.groupId, told.title);
        return undefined;
      }
    }
  };
}

/** The words after /activate: a code and a kind, either of them or none, in any order. */
function readWords(words: readonly string[]) {
  const isKind = (word: string) => Object.hasOwn(answers.KIND_WORDS, word.toLowerCase());
  const [kind, secondKind] = words.filter(isKind);
  const others = words.filter((word) => !isKind(word));
  // A code that was typed in groups of four with spaces between them.
  const joined = others.join('');
  const code = looksLikeCode(joined) ? joined : others[0];
  const strange = secondKind ?? (code === joined ? undefined : others[1]);
  return {
    code: code === '' ? undefined : code,
    kinds: kind === undefined ? undefined : answers.KIND_WORDS[kind.toLowerCase()],
    strange,
  };
}
