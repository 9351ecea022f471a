/** Who and what there is: bots, people, chats and their messages. Settings say how it began, the store what became of it. */
import type { World } from '../../world/provider.ts';
import type { Bot, Chat, Message, Person } from './records.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';

export type NewMessage = Pick<Message, 'from'> &
  Partial<
    Pick<Message, 'text' | 'entities' | 'service' | 'threadId' | 'replyTo' | 'isAsChat' | 'buttons'>
  >;

export type TelegramStore = {
  bots(): Bot[];
  /** By name, id or username. */
  bot(key: string | number): Bot | undefined;
  botByToken(token: string): Bot | undefined;
  people(): Person[];
  person(id: number): Person | undefined;
  /** Adds a person, or changes one with the same id. */
  savePerson(person: Omit<Person, 'id'> & { id?: number | undefined }): Person;
  isDeactivated(personId: number): boolean;
  deactivate(personId: number): void;
  /** Groups first, in the order in which they were made. */
  chats(): Chat[];
  chat(key: string): Chat | undefined;
  save(chat: Chat): Chat;
  newGroup(title: string, type: GroupType, more?: Partial<Chat>): Chat;
  /** The chat of the two, made when there was none. */
  privateChat(bot: Bot, person: Person): Chat;
  post(chat: Chat, draft: NewMessage): Message;
  messages(key: string): Message[];
  /** Changes a message that is there. */
  edit(message: Message): void;
};

export type GroupType = Exclude<Chat['type'], 'private'>;

/** Ids of groups made while it runs count on from here, downwards. */
const FIRST_GROUP = -4_200_000_000;
const FIRST_SUPERGROUP = -1_002_200_000_000;
const FIRST_PERSON = 5_200_000;

/** Chats, people and messages, over the world's store. */
export function createTelegramStore(
  { store, clock }: World,
  settings: () => TelegramSettings,
): TelegramStore {
  const chats = createChats(store, settings);
  const addedPeople = store.table<Person>('telegram-people');
  const deactivated = store.table<true>('telegram-deactivated');
  const messagesOf = (key: string) => store.table<Message>(`telegram-messages:${key}`);
  const bots = (): Bot[] =>
    settings().bots.map((bot) => ({ ...bot, id: Number.parseInt(bot.token, 10) }));
  const people = (): Person[] => {
    const added = addedPeople.all();
    const seeded = settings().people.filter(({ id }) => added.every((each) => each.id !== id));
    return [...seeded, ...added];
  };
  return {
    bots,
    bot: (key) =>
      bots().find((bot) => [bot.name, String(bot.id), bot.username].includes(String(key))),
    botByToken: (token) => bots().find((bot) => bot.token === token),
    people,
    person: (id) => people().find((person) => person.id === id),
    savePerson: ({ id = FIRST_PERSON + addedPeople.size() + 1, ...given }) => {
      const person = { ...given, id };
      addedPeople.put(String(id), person);
      return person;
    },
    isDeactivated: (personId) => deactivated.get(String(personId)) !== undefined,
    deactivate: (personId) => deactivated.put(String(personId), true),
    ...chats,
    post: (chat, draft) => {
      const messageId = (chats.chat(chat.key) ?? chat).lastMessageId + 1;
      const message: Message = {
        text: '',
        entities: [],
        service: null,
        threadId: null,
        replyTo: null,
        ...draft,
        chatKey: chat.key,
        chatId: chat.id,
        messageId,
        at: clock.now(),
      };
      store.transaction(() => {
        chats.save({ ...(chats.chat(chat.key) ?? chat), lastMessageId: messageId });
        messagesOf(chat.key).put(String(messageId), message);
      });
      return message;
    },
    messages: (key) => messagesOf(key).all(),
    edit: (message) => messagesOf(message.chatKey).put(String(message.messageId), message),
  };
}

function createChats(
  store: World['store'],
  settings: () => TelegramSettings,
): Pick<TelegramStore, 'chats' | 'chat' | 'save' | 'newGroup' | 'privateChat'> {
  const kept = store.table<Chat>('telegram-chats');
  const seeded = (): Chat[] => settings().groups.map((group) => seededGroup(group, settings()));
  const chat = (key: string): Chat | undefined =>
    kept.get(key) ?? seeded().find((each) => each.key === key);
  const save = (changed: Chat): Chat => {
    kept.put(changed.key, changed);
    return changed;
  };
  return {
    chats: () => {
      const seeds = seeded();
      const keys = new Set(seeds.map(({ key }) => key));
      const all = [
        ...seeds.map((seed) => kept.get(seed.key) ?? seed),
        ...kept.all().filter(({ key }) => !keys.has(key)),
      ];
      return all.toSorted((one, other) => place(one) - place(other));
    },
    chat,
    save,
    newGroup: (title, type, more = {}) => {
      const made = kept.all().length + 1;
      const id = (type === 'group' ? FIRST_GROUP : FIRST_SUPERGROUP) - made;
      return save({ ...emptyChat(String(id), id, type), title, ...more });
    },
    privateChat: (bot, person) => {
      const key = `${bot.id}:${person.id}`;
      const pair = { botId: bot.id, personId: person.id };
      return chat(key) ?? { ...emptyChat(key, person.id, 'private'), ...pair };
    },
  };
}

const place = ({ type }: Chat): number => (type === 'private' ? 1 : 0);

function emptyChat(key: string, id: number, type: Chat['type']): Chat {
  return {
    key,
    id,
    type,
    title: '',
    botId: null,
    personId: null,
    deleted: false,
    migratedTo: null,
    migratedFrom: null,
    members: {},
    topics: {},
    lastMessageId: 0,
  };
}

function seededGroup(
  { id, title, type, bots }: TelegramSettings['groups'][number],
  settings: TelegramSettings,
): Chat {
  const members = settings.bots
    .filter(({ name }) => bots.includes(name))
    .map(({ token }) => [String(Number.parseInt(token, 10)), 'member' as const]);
  return {
    ...emptyChat(String(id), id, type),
    title,
    members: Object.fromEntries(members) as Chat['members'],
  };
}
