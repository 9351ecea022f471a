/**
 * Whose data was erased, as keyed hashes of their contacts. Replays, imports and senders ask here: what somebody said
 * before they were erased must not come back. Who comes again afterwards is somebody new.
 *
 *   contact.<hash>   until when everything about this contact was erased
 *   erasure.<id>     the certificate: what was erased where, by whom; written by packages/operations/src/person
 */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { readStream } from '../broker/read-stream.ts';
import { readKey, type Key } from '../coordination/kv.ts';

/** The stream and subjects behind the bucket (ADR-8 of NATS). */
const STREAM = 'KV_erasures';
const PREFIX = '$KV.erasures.contact.';

export const erasedContactSchema = z.object({
  erasureId: z.string(),
  /** What was received until then was erased. */
  erasedAt: z.iso.datetime(),
});
export type ErasedContact = z.infer<typeof erasedContactSchema>;

/** The key of a contact: `hash` is its `contactHash`. */
export function erasedContactKey(hash: string): Key<ErasedContact> {
  return { bucket: 'erasures', key: `contact.${hash}`, schema: erasedContactSchema };
}

/**
 * Whether what was received at that time was said before its contact was erased.
 * @throws what the broker throws
 */
export async function isErased(
  bus: Pick<Bus, 'bucket'>,
  hash: string,
  receivedAt: string,
): Promise<boolean> {
  const erased = await readKey(bus, erasedContactKey(hash));
  return erased !== undefined && Date.parse(receivedAt) <= Date.parse(erased.erasedAt);
}

/** Every contact on the list, by its hash. @throws TransientError when the broker does not answer */
export async function readErasureList(bus: Bus): Promise<Map<string, Date>> {
  const list = new Map<string, Date>();
  for await (const { subject, json } of readStream(bus, STREAM, { subject: `${PREFIX}>` })) {
    const erased = erasedContactSchema.safeParse(json).data;
    if (erased) list.set(subject.slice(PREFIX.length), new Date(erased.erasedAt));
  }
  return list;
}
