import type { Entity } from '../api/html-text.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';

export type Person = TelegramSettings['people'][number];

/** A bot is known by its token's number. */
export type Bot = TelegramSettings['bots'][number] & { id: number };

export const memberStatuses = ['member', 'administrator', 'restricted', 'left', 'kicked'] as const;
export type MemberStatus = (typeof memberStatuses)[number];

/** A chat as the store keeps it. Private chats of one person with different bots share the id, not the key. */
export type Chat = {
  /** The id of a group, `<bot id>:<person id>` of a private chat. */
  key: string;
  id: number;
  type: 'private' | 'group' | 'supergroup';
  title: string;
  /** The two of a private chat. */
  botId: number | null;
  personId: number | null;
  deleted: boolean;
  migratedTo: number | null;
  migratedFrom: number | null;
  /** Bot id -> what it is here; a bot that was never here is missing. */
  members: Record<string, MemberStatus>;
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
};

/** Can the bot be reached by, and see, what happens in the chat? */
export function isIn(status: MemberStatus | undefined): boolean {
  return status === 'member' || status === 'administrator' || status === 'restricted';
}
