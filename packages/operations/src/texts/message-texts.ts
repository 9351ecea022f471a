/**
 * The words that people wrote for the product's own messages, on their way from the table to the broker: the notifier
 * holds no key of the database, and sends on while that is away.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { templateNames } from '@leadwire/templates/templates';
import type { TextStore } from './text-store.ts';

/** Carries what has changed since it was last called, and takes back what holds no more. */
export type CarryMessageTexts = () => Promise<void>;

/**
 * One per process: it remembers what the broker has. Each message is a key of its own, so that a mail of MJML does not
 * make the others too large. @throws as the store; what the broker throws
 */
export function createMessageTexts(
  bus: Pick<Bus, 'bucket'>,
  texts: Pick<TextStore, 'changed'>,
): CarryMessageTexts {
  const carried = new Map<string, number>();
  let isFirst = true;
  return async () => {
    const { names, changed } = await texts.changed(Object.fromEntries(carried), 'transactional');
    const bucket = await bus.bucket('message_texts');
    for (const { name, version, content } of changed) {
      const text = JSON.stringify({ version, content });
      const held = await bucket.get(name);
      if (held?.operation !== 'PUT' || held.string() !== text) await bucket.put(name, text);
      carried.set(name, version);
    }
    // What ended while no process looked is found at the first look.
    const known = isFirst ? templateNames : [...carried.keys()];
    for (const name of known.filter((each) => !names.includes(each))) {
      if ((await bucket.get(name))?.operation === 'PUT') await bucket.delete(name);
      carried.delete(name);
    }
    isFirst = false;
  };
}
