/**
 * What Telegram tells a bot (https://core.telegram.org/bots/api#update), reduced to what we act on. Only
 * the fields that are needed are read; everything else may be anything.
 */
import { z } from 'zod';
import type { Button } from './pace.ts';

/** Asked for by name: without a list Telegram keeps whatever was asked for before. */
export const ALLOWED_UPDATES = [
  'message',
  'channel_post',
  'my_chat_member',
  'callback_query',
] as const;

const chatSchema = z.object({
  /** Up to 52 bits and a sign. */
  id: z.number().int().transform(String),
  type: z.enum(['private', 'group', 'supergroup', 'channel']),
  title: z.string().default(''),
  is_forum: z.boolean().optional(),
});
export type Chat = z.infer<typeof chatSchema>;

const memberSchema = z.object({
  status: z.enum(['creator', 'administrator', 'member', 'restricted', 'left', 'kicked']),
  /** With `restricted` only. */
  is_member: z.boolean().optional(),
  can_send_messages: z.boolean().optional(),
  /** With `administrator` of a channel only. */
  can_post_messages: z.boolean().optional(),
});
type Member = z.infer<typeof memberSchema>;

const personSchema = z.object({
  id: z.number().int().transform(String),
  first_name: z.string().default(''),
  last_name: z.string().default(''),
});

const messageSchema = z.object({
  chat: chatSchema,
  from: personSchema.optional().catch(undefined),
  /** A chat that speaks for itself: a channel, an administrator who stays anonymous. */
  sender_chat: chatSchema.pick({ id: true }).optional().catch(undefined),
  text: z.string().optional(),
  message_thread_id: z.number().int().optional(),
  is_topic_message: z.boolean().optional(),
  migrate_to_chat_id: z.number().int().transform(String).optional(),
  migrate_from_chat_id: z.number().int().transform(String).optional(),
  new_chat_title: z.string().optional(),
});

const keyboardSchema = z.object({
  inline_keyboard: z.array(
    z.array(
      z
        .object({ text: z.string(), callback_data: z.string() })
        .transform(({ text, callback_data: data }): Button => ({ text, data })),
    ),
  ),
});

const pressSchema = z.object({
  id: z.string(),
  from: personSchema,
  data: z.string(),
  message: z.object({
    message_id: z.number().int(),
    chat: chatSchema,
    reply_markup: keyboardSchema.optional().catch(undefined),
  }),
});

const updateSchema = z.object({
  update_id: z.number().int(),
  message: messageSchema.optional().catch(undefined),
  channel_post: messageSchema.optional().catch(undefined),
  callback_query: pressSchema.optional().catch(undefined),
  my_chat_member: z
    .object({ chat: chatSchema, old_chat_member: memberSchema, new_chat_member: memberSchema })
    .optional()
    .catch(undefined),
});

/** out: not in the chat. silent: there, and may not write. */
export type Membership = 'out' | 'silent' | 'speaks';

export interface Command {
  kind: 'command';
  chat: Chat;
  /** Without the slash, in lower case: `activate`. */
  name: string;
  /** The bot it was sent to by name (`/today@leads_bot`), in lower case. */
  to: string | undefined;
  words: string[];
  /** The topic of a forum in which it was written. */
  threadId: number | undefined;
  /** Undefined where Telegram does not say. */
  sender: Sender | undefined;
}

/** A person, or a chat in its own name. */
export type Sender = { userId: string } | { chatId: string };

/** Somebody pressed a button under a message of ours. */
export interface Press {
  kind: 'press';
  chat: Chat;
  /** What Telegram wants an answer to. */
  queryId: string;
  /** The button's. */
  data: string;
  messageId: number;
  /** All that are under the message. */
  buttons: Button[][];
  by: { userId: string; name: string };
}

export type Told =
  | Command
  | Press
  | { kind: 'membership'; chat: Chat; before: Membership; now: Membership }
  | { kind: 'moved'; from: string; to: string }
  | { kind: 'renamed'; chat: Chat; title: string };

export interface Update {
  updateId: number;
  /** Undefined: nothing that we act on. */
  told: Told | undefined;
}

/** An update as it came, or undefined when it is none: an update without a number cannot be told apart. */
export function readUpdate(json: unknown): Update | undefined {
  const update = updateSchema.safeParse(json).data;
  if (!update) return undefined;
  const { update_id: updateId, my_chat_member: change, callback_query: press } = update;
  const message = update.message ?? update.channel_post;
  if (message) return { updateId, told: readMessage(message) };
  if (press) return { updateId, told: readPress(press) };
  if (!change) return { updateId, told: undefined };
  const before = membershipOf(change.old_chat_member);
  const now = membershipOf(change.new_chat_member);
  return { updateId, told: { kind: 'membership', chat: change.chat, before, now } };
}

function readMessage(message: z.infer<typeof messageSchema>): Told | undefined {
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  if (to !== undefined) return { kind: 'moved', from: chat.id, to };
  if (from !== undefined) return { kind: 'moved', from, to: chat.id };
  if (message.new_chat_title !== undefined) {
    return { kind: 'renamed', chat, title: message.new_chat_title };
  }
  const isInTopic = message.is_topic_message ?? chat.is_forum ?? false;
  const threadId = isInTopic ? message.message_thread_id : undefined;
  const read = readCommand(message.text ?? '');
  return read && { kind: 'command', chat, threadId, sender: senderOf(message), ...read };
}

function senderOf({ chat, from, sender_chat: sender }: z.infer<typeof messageSchema>) {
  if (sender) return { chatId: sender.id };
  if (from) return { userId: from.id };
  return chat.type === 'channel' ? { chatId: chat.id } : undefined;
}

function readPress({ id, from, data, message }: z.infer<typeof pressSchema>): Press {
  const { message_id: messageId, chat, reply_markup: keyboard } = message;
  const name = [from.first_name, from.last_name].filter((part) => part !== '').join(' ');
  const by = { userId: from.id, name };
  const buttons = keyboard?.inline_keyboard ?? [];
  return { kind: 'press', chat, queryId: id, data, messageId, buttons, by };
}

/** `/activate@leads_bot k7mx-3p9q-w2ht course`; anything that does not begin with a slash is no command. */
export function readCommand(text: string): Pick<Command, 'name' | 'to' | 'words'> | undefined {
  const [, name, to, rest = ''] =
    /^\/([a-z0-9_]{1,32})(?:@([a-z0-9_]{1,64}))?(?:\s+([^]*))?$/i.exec(text.trim()) ?? [];
  if (name === undefined) return undefined;
  const words = rest.split(/\s+/).filter((word) => word !== '');
  return { name: name.toLowerCase(), to: to?.toLowerCase(), words };
}

function membershipOf(member: Member): Membership {
  const { status, is_member, can_send_messages, can_post_messages } = member;
  if (status === 'left' || status === 'kicked') return 'out';
  if (status === 'administrator' && can_post_messages === false) return 'silent';
  if (status !== 'restricted') return 'speaks';
  if (is_member === false) return 'out';
  return can_send_messages === false ? 'silent' : 'speaks';
}
