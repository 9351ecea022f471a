/** The part of the control client that works in Telegram: as the people in its groups, and as BotFather. */
import type { TelegramMessageEffect, Effect } from '../world/effects.ts';
import type { PlannedAction } from './store/plans.ts';
import type { Saying } from './store/chat-actions.ts';
import type { Press } from './store/presses.ts';
import type { Person, PersonStatus } from './store/records.ts';
import type { GroupType } from './store/telegram-store.ts';
import type { TelegramOptions, TelegramSettings } from './lifecycle/settings.ts';
import type { BotView, ChatView, MessageView } from './store/views.ts';

type Call = <Result>(method: string, path: string, body?: unknown) => Promise<Result>;

/** A chat is named by a group's id, or by the key of its view. */
export type ChatKey = string | number;
/** A bot is named as the settings name it: leads, admin, mentor. */
export type BotName = string;

type Wait = { botId: number; chatKey: string | null; seconds: number };

/** Everything under `control.telegram`. */
export function telegramControl(call: Call) {
  const at: Call = (method, path, body) => call(method, `/telegram${path}`, body);
  return {
    settings: () => at<TelegramSettings>('GET', '/settings'),
    /** Changes some settings; they last until reset. */
    set: (patch: TelegramOptions) => at<TelegramSettings>('PATCH', '/settings', patch),
    /** Messages that bots showed, in order: in one chat (by the id it had then), or everywhere. */
    shown: async (chatId?: ChatKey) => {
      const to = chatId === undefined ? '' : `&to=${encodeURIComponent(chatId)}`;
      const path = `/effects?provider=telegram&kind=message${to}`;
      const { effects } = await call<{ effects: Effect[] }>('GET', path);
      return effects as TelegramMessageEffect[];
    },
    ...groups(at),
    ...members(at),
    ...people(at),
    ...trouble(at),
  };
}

const chatPath = (chat: ChatKey): string => `/chats/${encodeURIComponent(chat)}`;

function groups(at: Call) {
  return {
    /** All chats: groups, then private ones. */
    chats: async () => (await at<{ chats: ChatView[] }>('GET', '/chats')).chats,
    /** Everything that is to be read in a chat, service messages and people's included. */
    messages: async (chat: ChatKey) =>
      (await at<{ messages: MessageView[] }>('GET', `${chatPath(chat)}/messages`)).messages,
    /** A new group; each bot named is added by a person, and hears of it. */
    addGroup: (group: { title: string; type?: GroupType; bots?: BotName[] }) =>
      at<ChatView>('POST', '/groups', group),
    /** The group becomes a supergroup; resolves with the new chat. */
    migrate: (chat: ChatKey) => at<ChatView>('POST', `${chatPath(chat)}/migrate`, {}),
    deleteGroup: (chat: ChatKey) => at<ChatView>('POST', `${chatPath(chat)}/delete`, {}),
    /** From now on the chat is "not found" for every bot. */
    forget: (chat: ChatKey) => at<ChatView>('POST', `${chatPath(chat)}/forget`, {}),
    /** Topics of the group by thread id. */
    setTopics: (chat: ChatKey, topics: Record<string, 'open' | 'closed'>) =>
      at<ChatView>('POST', `${chatPath(chat)}/topics`, topics),
  };
}

function members(at: Call) {
  const act = (action: string) => (chat: ChatKey, bot: BotName, by?: number) =>
    at<ChatView>(
      'POST',
      `${chatPath(chat)}/bots/${encodeURIComponent(bot)}/${action}`,
      by === undefined ? {} : { by },
    );
  return {
    addBot: act('add'),
    kick: act('kick'),
    leave: act('leave'),
    /** The bot stays, but may not write. */
    restrict: act('restrict'),
    /** It may write again. */
    allow: act('allow'),
    /** An administrator sees every message. */
    promote: act('promote'),
  };
}

function people(at: Call) {
  return {
    people: async () => (await at<{ people: Person[] }>('GET', '/people')).people,
    addPerson: (person: { id?: number; firstName: string; lastName?: string; username?: string }) =>
      at<Person>('POST', '/people', person),
    /** A person (the first one, unless named) writes into a chat. */
    say: (chat: ChatKey, text: string, more: Saying & { person?: number } = {}) =>
      at<MessageView>('POST', `${chatPath(chat)}/say`, { text, ...more }),
    /** A person (the first one, unless named) presses the button with this data under a message. */
    press: (chat: ChatKey, messageId: number, data: string, person?: number) =>
      at<Press>('POST', `${chatPath(chat)}/messages/${messageId}/press`, {
        data,
        ...(person !== undefined && { person }),
      }),
    /** What the bot answered to a press. */
    pressed: (id: string) => at<Press>('GET', `/presses/${id}`),
    /** What a person is in a group. */
    setPerson: (chat: ChatKey, person: number, status: PersonStatus) =>
      at<ChatView>('POST', `${chatPath(chat)}/people/${person}/${status}`, {}),
    /** A person writes to a bot in private; the first message starts the chat. */
    sayPrivately: (bot: BotName, person: number, text: string) =>
      at<MessageView>('POST', `/private/${encodeURIComponent(bot)}/say`, { person, text }),
    block: (bot: BotName, person: number) =>
      at<ChatView>('POST', `/private/${encodeURIComponent(bot)}/block`, { person, blocked: true }),
    unblock: (bot: BotName, person: number) =>
      at<ChatView>('POST', `/private/${encodeURIComponent(bot)}/block`, { person, blocked: false }),
    /** The account is deleted: "user is deactivated". */
    deactivate: (person: number) => at<Person>('POST', `/people/${person}/deactivate`, {}),
  };
}

function trouble(at: Call) {
  const ofBot = (bot: BotName): string => `/bots/${encodeURIComponent(bot)}`;
  return {
    bots: async () => (await at<{ bots: BotView[] }>('GET', '/bots')).bots,
    /** The token stops working: 401. */
    revoke: (bot: BotName) => at<BotView>('POST', `${ofBot(bot)}/revoke`, {}),
    restore: (bot: BotName) => at<BotView>('POST', `${ofBot(bot)}/restore`, {}),
    /** 429 for everything the bot sends. */
    limitBot: (bot: BotName, seconds: number) =>
      at<BotView>('POST', `${ofBot(bot)}/limit`, { seconds }),
    /** 429 in one chat alone. */
    limitChat: (chat: ChatKey, seconds: number, bot?: BotName) =>
      at<{ waits: Wait[] }>('POST', `${chatPath(chat)}/limit`, {
        seconds,
        ...(bot !== undefined && { bot }),
      }),
    /** Waits that hold at this moment. */
    waits: async () => (await at<{ waits: Wait[] }>('GET', '/limits')).waits,
    /** An update comes once more under its old number: the last one, unless named. */
    repeatUpdate: (bot: BotName, updateId?: number) =>
      at<{ repeated: boolean }>('POST', `${ofBot(bot)}/repeat`, {
        ...(updateId !== undefined && { updateId }),
      }),
    /** Queues an update of any kind, by the name of its field: `{ edited_message: {…} }`. */
    pushUpdate: (bot: BotName, update: Record<string, Record<string, unknown>>) =>
      at<{ pushed: string[] }>('POST', `${ofBot(bot)}/push`, update),
    /** After so many more messages of the bot into the chat something happens to it there. */
    plan: (
      chat: ChatKey,
      what: { bot: BotName; after: number; action: PlannedAction; seconds?: number },
    ) => at<{ planned: true }>('POST', `${chatPath(chat)}/plan`, what),
  };
}
