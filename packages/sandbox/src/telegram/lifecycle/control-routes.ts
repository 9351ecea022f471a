/** The hands of people, of chats' owners and of BotFather: `/__sim/telegram/...`. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Table } from '../../world/store.ts';
import type { TelegramParts } from '../api/method.ts';
import { plannedActions } from '../store/plans.ts';
import { isIn, personStatuses, type Bot, type Chat, type Person } from '../store/records.ts';
import { viewBot, viewChat, viewMessage } from '../store/views.ts';

type OfChat = { Params: { chat: string } };
type OfBot = { Params: { bot: string } };
type OfMessage = { Params: { chat: string; id: string } };
type OfPersonInChat = { Params: { chat: string; person: string; status: string } };
type OfBotInChat = { Params: { chat: string; bot: string; action: string } };

const by = z.strictObject({ by: z.number().int().optional() }).prefault({});
const seconds = z.number().int().min(1);
const newGroup = z.strictObject({
  title: z.string().min(1),
  type: z.enum(['group', 'supergroup', 'channel']).default('group'),
  bots: z.array(z.string()).default([]),
});
const newPerson = z.strictObject({
  id: z.number().int().min(1).optional(),
  firstName: z.string().min(1),
  lastName: z.string().optional(),
  username: z.string().optional(),
});
const said = z.strictObject({
  text: z.string(),
  person: z.number().int().optional(),
  replyTo: z.number().int().nullable().default(null),
  threadId: z.number().int().nullable().default(null),
  /** As an anonymous administrator. */
  isAsChat: z.boolean().default(false),
});
const pressed = z.strictObject({ data: z.string(), person: z.number().int().optional() });
const plan = z.strictObject({
  bot: z.string(),
  after: z.number().int().min(1),
  action: z.enum(plannedActions),
  seconds: seconds.default(30),
});

/** Adds the routes. */
export function controlRoutes(
  app: FastifyInstance,
  parts: TelegramParts,
  revoked: Table<true>,
): void {
  botRoutes(app, parts, revoked);
  groupRoutes(app, parts);
  memberRoutes(app, parts);
  talkRoutes(app, parts);
  troubleRoutes(app, parts);
}

const absent = (what: string): Error =>
  Object.assign(new Error(`no such ${what}`), { statusCode: 404 });

function find({ store }: TelegramParts) {
  return {
    bot: (name: string): Bot => {
      const bot = store.bot(name);
      if (bot === undefined) throw absent('bot');
      return bot;
    },
    chat: (key: string): Chat => {
      const chat = store.chat(key);
      if (chat === undefined) throw absent('chat');
      return chat;
    },
    /** The first one, who made the groups, when none is named. */
    person: (id?: number): Person => {
      const person = id === undefined ? store.people()[0] : store.person(id);
      if (person === undefined) throw absent('person');
      return person;
    },
  };
}

function botRoutes(app: FastifyInstance, parts: TelegramParts, revoked: Table<true>): void {
  const { store, updates, rate } = parts;
  const named = find(parts);
  const view = (bot: Bot) => viewBot(bot, revoked.get(bot.token) !== undefined, parts);
  const changed = (bot: Bot) => {
    parts.world.changed();
    return view(bot);
  };
  app.get('/bots', () => ({ bots: store.bots().map(view) }));
  app.post<OfBot>('/bots/:bot/revoke', ({ params }) => {
    const bot = named.bot(params.bot);
    revoked.put(bot.token, true);
    return changed(bot);
  });
  app.post<OfBot>('/bots/:bot/restore', ({ params }) => {
    const bot = named.bot(params.bot);
    revoked.remove(bot.token);
    return changed(bot);
  });
  app.post<OfBot>('/bots/:bot/limit', ({ params, body }) => {
    const bot = named.bot(params.bot);
    rate.punish(bot, null, z.strictObject({ seconds }).parse(body).seconds);
    return changed(bot);
  });
  app.post<OfBot>('/bots/:bot/repeat', ({ params, body }) => {
    const { updateId } = z.strictObject({ updateId: z.number().int().optional() }).parse(body);
    return { repeated: updates.repeat(named.bot(params.bot), updateId) };
  });
  /** Updates of kinds that nothing here makes: edited_message, poll, or one that does not exist yet. */
  app.post<OfBot>('/bots/:bot/push', ({ params, body }) => {
    const given = z.record(z.string(), z.record(z.string(), z.unknown())).parse(body);
    for (const [type, content] of Object.entries(given)) {
      updates.push(named.bot(params.bot), `pushed:${type}`, type, content);
    }
    return { pushed: Object.keys(given) };
  });
}

function groupRoutes(app: FastifyInstance, parts: TelegramParts): void {
  const { store, actions } = parts;
  const named = find(parts);
  app.get('/chats', () => ({ chats: store.chats().map((chat) => viewChat(chat, parts)) }));
  app.get<OfChat>('/chats/:chat/messages', ({ params }) => ({
    messages: store
      .messages(named.chat(params.chat).key)
      .map((message) => viewMessage(message, parts)),
  }));
  app.post('/groups', ({ body }) => {
    const { title, type, bots } = newGroup.parse(body);
    const members = bots.map((name) => named.bot(name));
    const group = store.newGroup(title, type);
    for (const bot of members) actions.addBot(store.chat(group.key) ?? group, bot, named.person());
    parts.world.changed();
    return viewChat(store.chat(group.key) ?? group, parts);
  });
  app.post<OfChat>('/chats/:chat/migrate', ({ params, body }) => {
    const person = named.person(by.parse(body).by);
    return viewChat(actions.migrate(named.chat(params.chat), person), parts);
  });
  app.post<OfChat>('/chats/:chat/delete', ({ params }) => {
    actions.deleteChat(named.chat(params.chat));
    return viewChat(named.chat(params.chat), parts);
  });
  /** The bots' server no longer knows the chat: "chat not found". */
  app.post<OfChat>('/chats/:chat/forget', ({ params }) =>
    viewChat(store.save({ ...named.chat(params.chat), members: {} }), parts),
  );
  app.post<OfChat>('/chats/:chat/topics', ({ params, body }) => {
    const topics = z.record(z.string().regex(/^\d+$/), z.enum(['open', 'closed'])).parse(body);
    return viewChat(store.save({ ...named.chat(params.chat), topics }), parts);
  });
}

function memberRoutes(app: FastifyInstance, parts: TelegramParts): void {
  const { actions } = parts;
  const named = find(parts);
  const acts: Record<string, (chat: Chat, bot: Bot, person: Person) => void> = {
    add: (chat, bot, person) => actions.addBot(chat, bot, person),
    kick: (chat, bot, person) => actions.removeBot(chat, bot, 'kicked', person),
    leave: (chat, bot) => actions.removeBot(chat, bot, 'left', null),
    restrict: (chat, bot, person) => actions.changeBot(chat, bot, 'restricted', person),
    allow: (chat, bot, person) => actions.changeBot(chat, bot, 'member', person),
    promote: (chat, bot, person) => actions.changeBot(chat, bot, 'administrator', person),
  };
  app.post<OfBotInChat>('/chats/:chat/bots/:bot/:action', ({ params, body }) => {
    const act = Object.hasOwn(acts, params.action) ? acts[params.action] : undefined;
    if (act === undefined) throw absent('action');
    act(named.chat(params.chat), named.bot(params.bot), named.person(by.parse(body).by));
    return viewChat(named.chat(params.chat), parts);
  });
}

function talkRoutes(app: FastifyInstance, parts: TelegramParts): void {
  const { store, actions } = parts;
  const named = find(parts);
  app.get('/people', () => ({ people: store.people() }));
  app.post('/people', ({ body }) => {
    const person = store.savePerson(newPerson.parse(body));
    parts.world.changed();
    return person;
  });
  app.post<{ Params: { id: string } }>('/people/:id/deactivate', ({ params }) => {
    const person = named.person(Number(params.id));
    store.deactivate(person.id);
    return person;
  });
  app.post<OfChat>('/chats/:chat/say', ({ params, body }) => {
    const { text, person, ...more } = said.parse(body);
    const chat = named.chat(params.chat);
    const speaker = named.person(chat.personId ?? person);
    return viewMessage(actions.say(chat, speaker, text, more), parts);
  });
  /** A person presses a button that is under the message now. */
  app.post<OfMessage>('/chats/:chat/messages/:id/press', ({ params, body }) => {
    const { data, person } = pressed.parse(body);
    const message = store
      .messages(named.chat(params.chat).key)
      .find(({ messageId }) => messageId === Number(params.id));
    const hasIt = message?.buttons
      ?.flat()
      .some((button) => 'data' in button && button.data === data);
    if (message === undefined || hasIt !== true || !('botId' in message.from))
      throw absent('button');
    const bot = named.bot(String(message.from.botId));
    return parts.presses.press(bot, message, named.person(person), data);
  });
  app.get<{ Params: { id: string } }>('/presses/:id', ({ params }) => {
    const press = parts.presses.find(params.id);
    if (press === undefined) throw absent('press');
    return press;
  });
  /** A person becomes an administrator, leaves, or is an ordinary member again. */
  app.post<OfPersonInChat>('/chats/:chat/people/:person/:status', ({ params }) => {
    const chat = named.chat(params.chat);
    const { id } = named.person(Number(params.person));
    const status = z.enum(personStatuses).parse(params.status);
    return viewChat(store.save({ ...chat, people: { ...chat.people, [id]: status } }), parts);
  });
  /** A person opens the bot's private chat, or goes on in it. */
  app.post<OfBot>('/private/:bot/say', ({ params, body }) => {
    const { text, person } = said.parse(body);
    const speaker = named.person(person);
    const chat = store.privateChat(named.bot(params.bot), speaker);
    return viewMessage(actions.say(chat, speaker, text), parts);
  });
  app.post<OfBot>('/private/:bot/block', ({ params, body }) => {
    const { person, blocked } = z
      .strictObject({ person: z.number().int(), blocked: z.boolean() })
      .parse(body);
    const bot = named.bot(params.bot);
    actions.setBlocked(bot, named.person(person), blocked);
    return viewChat(store.privateChat(bot, named.person(person)), parts);
  });
}

function troubleRoutes(app: FastifyInstance, parts: TelegramParts): void {
  const { store, rate, plans } = parts;
  const named = find(parts);
  app.get('/limits', () => ({ waits: rate.waits() }));
  /** 429 in this chat alone, for one bot or for all that are in it. */
  app.post<OfChat>('/chats/:chat/limit', ({ params, body }) => {
    const given = z.strictObject({ seconds, bot: z.string().optional() }).parse(body);
    const chat = named.chat(params.chat);
    const meant = given.bot === undefined ? store.bots() : [named.bot(given.bot)];
    for (const bot of meant) if (isIn(chat.members[bot.id])) rate.punish(bot, chat, given.seconds);
    parts.world.changed();
    return { waits: rate.waits() };
  });
  /** Something that happens after so many more messages of the bot. */
  app.post<OfChat>('/chats/:chat/plan', ({ params, body }) => {
    const given = plan.parse(body);
    const chat = named.chat(params.chat);
    plans.add({ ...given, chatKey: chat.key, botId: named.bot(given.bot).id });
    return { planned: true };
  });
}
