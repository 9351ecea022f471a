/** Stores what the platform wants somebody to be told, once however often it is asked for. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';
import type { PlatformMessage } from '@leadwire/shared/contract/messages';
import { subjects } from '@leadwire/shared/contract/topology';
import type { SecretLinks } from '@leadwire/shared/delivery/secret-links';
import { RequestError } from '@leadwire/shared/service/http-problems';
import type { ReadMessage } from './message-body.ts';

export interface RequestPorts {
  bus: Pick<Bus, 'publish' | 'name' | 'lastUnder'>;
  secretLinks: Pick<SecretLinks, 'keep'>;
  now: () => Date;
}

export interface Requested {
  messageId: string;
  /** The same was asked for before. */
  isRepeat: boolean;
}

/** What makes two requests the same: the platform's own key, or the student who is welcomed once, whatever changed. */
export type MessageKey = { key: string } | { studentId: string };

/** The id follows from the key, so that a repeat finds the first one, at any time. */
export function messageIdOf(key: MessageKey): string {
  return 'key' in key
    ? derivedId('message', 'key', key.key)
    : derivedId('message', 'student', key.studentId);
}

/**
 * The link is stored before the message: whoever reads the message finds it. A repeat stores neither.
 * @throws RequestError 422 when the key was used for something else; TransientError when it was not stored.
 */
export async function requestMessage(
  { bus, secretLinks, now }: RequestPorts,
  key: MessageKey,
  { content, sendAt, link }: ReadMessage,
): Promise<Requested> {
  const messageId = messageIdOf(key);
  const isStrict = 'key' in key;
  const under = subjects.messageRequested('*', messageId);
  const hash = contentHash({ ...content, sendAt });
  const known = await bus.lastUnder('MESSAGES', under);
  if (known) return repeatOf(known.event, isStrict ? hash : undefined, messageId);

  const receivedAt = now().toISOString();
  if (link !== undefined) await secretLinks.keep(messageId, new URL(link).href);
  const linkFrom =
    link !== undefined ? 'given' : content.type === 'welcome' ? 'supabase' : undefined;
  const data: PlatformMessage = {
    messageId,
    ...content,
    ...(linkFrom && { link: linkFrom }),
    sendAt: sendAt ?? receivedAt,
    receivedAt,
    contentHash: hash,
  };
  const { stored, existing } = await publishEvent(bus, 'message.requested.v1', data);
  return stored
    ? { messageId, isRepeat: false }
    : repeatOf(existing?.event, isStrict ? hash : undefined, messageId);
}

function repeatOf(event: unknown, hash: string | undefined, messageId: string): Requested {
  const known = eventSchemas['message.requested.v1'].safeParse(event).data;
  if (hash !== undefined && known && known.data.contentHash !== hash) {
    throw new RequestError(422, 'this Idempotency-Key was used before, for another message', [
      { path: 'idempotency-key', message: 'a key belongs to one message: make a new one' },
    ]);
  }
  return { messageId, isRepeat: true };
}
