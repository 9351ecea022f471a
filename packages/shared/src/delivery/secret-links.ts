/**
 * One-time links on their way into a mail. A link lives in one place only, under the id of its message, and is
 * removed there when the mail has come to its end. What is planned, frozen, retried or buried carries a placeholder
 * in its stead; the link is put in at the moment of sending, so no log, ledger or dead letter ever has it.
 */
import type { Bus } from '../broker/bus.ts';
import { keepFirst } from '../coordination/kv.ts';
import { TransientError, toError } from '../errors.ts';

/** `.invalid` is reserved (RFC 2606): a placeholder that got out would lead nowhere. */
export function linkPlaceholder(messageId: string): string {
  return `https://link.invalid/${messageId}`;
}

export interface SecretLinks {
  /** Keeps the link of a message; the first one stays, and is returned. */
  keep(messageId: string, url: string): Promise<string>;
  find(messageId: string): Promise<string | undefined>;
  /** Removes the link for good. Nothing happens when there is none. */
  purge(messageId: string): Promise<void>;
}

/** All methods throw TransientError when the broker does not answer. */
export function createSecretLinks(bus: Pick<Bus, 'bucket'>): SecretLinks {
  const read = async (messageId: string) => {
    const found = await (await bus.bucket('message_links')).get(messageId);
    return found?.operation === 'PUT' ? found : undefined;
  };

  return {
    keep: (messageId, url) =>
      guarded(async () => {
        const { first } = await keepFirst(bus, { bucket: 'message_links', key: messageId }, url);
        return first;
      }),

    find: (messageId) => guarded(async () => (await read(messageId))?.string()),

    purge: (messageId) =>
      guarded(async () => {
        if (await read(messageId)) await (await bus.bucket('message_links')).purge(messageId);
      }),
  };
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof TransientError) throw thrown;
    throw new TransientError('the links of messages cannot be reached', {
      cause: toError(thrown),
      outage: true,
    });
  }
}
