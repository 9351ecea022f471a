/**
 * Values that several processes change: one key of a bucket, read by its schema and changed by compare-and-set. What a
 * value means is the caller's; how two that change it at once come to an agreement is here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { isConflict, type Bus } from '../broker/bus.ts';
import type { BucketName } from '../contract/topology.ts';
import { TransientError } from '../errors.ts';

export interface Key<Value> {
  bucket: BucketName;
  key: string;
  /** Throws for what it cannot read; with `.catch` it says what stands there instead. */
  schema: z.ZodType<Value>;
}

export interface ChangeOptions {
  /** Looks before the others are too many. */
  tries: number;
  /** What the error says then. */
  busy: string;
}

/** What stands under the key; undefined when nothing does. @throws what the broker or the schema throws */
export async function readKey<Value>(
  bus: Pick<Bus, 'bucket'>,
  key: Key<Value>,
): Promise<Value | undefined> {
  return (await look(bus, key)).value;
}

/**
 * Writes what `next` makes of the value, or nothing when it returns undefined. `next` may be called several times, each
 * time with what stands there then; what it throws goes on. Returns what stood there, and what was written.
 * @throws TransientError when somebody else was faster every time; what the broker or the schema throws
 */
export async function changeKey<Value>(
  bus: Pick<Bus, 'bucket'>,
  at: Key<Value>,
  next: (before: Value | undefined) => Value | undefined,
  { tries, busy }: ChangeOptions,
): Promise<{ before: Value | undefined; written: Value | undefined }> {
  const bucket = await bus.bucket(at.bucket);
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const { value: before, revision } = await look(bus, at);
    const written = next(before);
    if (written === undefined) return { before, written };
    const text = JSON.stringify(written);
    try {
      // A key that was never there, or was deleted, has no revision to update.
      if (revision === undefined) await bucket.create(at.key, text);
      else await bucket.update(at.key, text, revision);
      return { before, written };
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
      // Those who met once would meet again.
      await delay(Math.random() * 5 * attempt);
    }
  }
  throw new TransientError(busy);
}

/**
 * Writes the text unless something stands under the key already. Returns what stands there now, and whether this call
 * wrote it.
 * @throws TransientError when what stood there went away meanwhile; what the broker throws
 */
export async function keepFirst(
  bus: Pick<Bus, 'bucket'>,
  { bucket: name, key }: Pick<Key<string>, 'bucket' | 'key'>,
  text: string,
): Promise<{ first: string; isOurs: boolean }> {
  const bucket = await bus.bucket(name);
  try {
    await bucket.create(key, text);
    return { first: text, isOurs: true };
  } catch (thrown) {
    if (!isConflict(thrown)) throw thrown;
  }
  const found = await bucket.get(key);
  if (found?.operation === 'PUT') return { first: found.string(), isOurs: false };
  throw new TransientError(`what was first in ${name} went away this moment`);
}

async function look<Value>(
  bus: Pick<Bus, 'bucket'>,
  { bucket, key, schema }: Key<Value>,
): Promise<{ value: Value | undefined; revision: number | undefined }> {
  const found = await (await bus.bucket(bucket)).get(key);
  if (found?.operation !== 'PUT') return { value: undefined, revision: undefined };
  return { value: schema.parse(found.json()), revision: found.revision };
}
