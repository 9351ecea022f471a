import type { Entity } from '../api/html-text.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';

export type Person = TelegramSettings['people'][number];

/** A bot is known by its token's number. */
export type Bot = TelegramSettings['bots'][number] & { id: number };

export const memberStatuses = ['member', 'administrator', 'restricted', 'left', 'kicked'] as const;
export type MemberStatus = (typeof memberStatuses)[number];

/** The first person made every group and is its creator; the others are members unless told otherwise. */
export const personStatuses = ['member', 'administrator', 'left'] as const;
export type PersonStatus = (typeof personStatuses)[number];

/** A button under a message: a press comes back to the bot with its data. */
export type Button = { text: string; data: string } | { text: string; url: string };

/** A chat as the store keeps it. Private chats of one person with different bots share the id, not the key. */
export type Chat = {
  /** The id of a group, `<bot id>:<person id>` of a private chat. */
  key: string;
  id: number;
  type: 'private' | 'group' | 'supergroup' | 'channel';
  title: string;
  /** The two of a private chat. */
  botId: number | null;
  personId: number | null;
  deleted: boolean;
  migratedTo: number | null;
  migratedFrom: number | null;
  /** Bot id -> what it is here; a bot that was never here is missing. */
  members: Record<string, MemberStatus>;
  /** Person id -> what they are here, where that is not an ordinary member. */
  people?: Record<string, PersonStatus>;
  /** Thread id -> state, for a supergroup with topics. */
  topics: Record<string, 'open' | 'closed'>;
  lastMessageId: number;
};

/** What a messenger shows as a grey line. */
export type Service =
  | { kind: 'added' | 'removed'; botId: number }
  | { kind: 'migrated-to' | 'migrated-from'; chatId: number };

export type Message = {
  chatKey: string;
  chatId: number;
  messageId: number;
  /** Virtual milliseconds since 1970. */
  at: number;
  from: { botId: number } | { personId: number };
  text: string;
  entities: Entity[];
  service: Service | null;
  threadId: number | null;
  replyTo: number | null;
  /** Written in the chat's own name: an anonymous administrator, or a post of a channel. */
  isAsChat?: boolean;
  /** Rows of buttons. */
  buttons?: Button[][];
};

/** Can the bot be reached by, and see, what happens in the chat? */
export function isIn(status: MemberStatus | undefined): boolean {
  return status === 'member' || status === 'administrator' || status === 'restricted';
}
