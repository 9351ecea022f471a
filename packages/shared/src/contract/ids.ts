import { createHash, hash, randomFillSync } from 'node:crypto';
import { v5, v7 } from 'uuid';

/** The namespace of every derived id. Changing it would make finished deliveries look new. */
const NAMESPACE = '6f1d3c0e-2a5b-5c8e-9d41-7b0f4e8a1c37';

/** Alphabet of short codes: no 0/O, 1/l/I, because people read links from a phone and type them. */
const CODE_ALPHABET = '23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** Random bytes for the next ids: asking for 16 at a time takes four times as long as making an id of them. */
const pool = new Uint8Array(4_096);
let taken = pool.length;
/** Of the latest id: its time in Unix milliseconds, and what those of one millisecond are counted by. */
let latest = 0;
let count = 0;

/** A new id that sorts by time, also among those of one millisecond (UUID version 7, RFC 9562). */
export function newId(): string {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  const random = pool.subarray(taken, (taken += 16));
  const now = Date.now();
  // The count begins anywhere in its lower half, so there is room for two thousand million ids in a millisecond.
  count =
    now > latest ? new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1 : count + 1;
  latest = Math.max(now, latest);
  return v7({ random, msecs: latest, seq: count });
}

/** The same id for the same parts, always and on every machine (UUID version 5, RFC 9562). */
export function derivedId(...parts: string[]): string {
  return v5(parts.join('\n'), NAMESPACE);
}

/** A short code of `length` characters, the same for the same seed. */
export function derivedCode(seed: string, length: number): string {
  const digest = createHash('sha256').update(seed).digest();
  return [...digest.subarray(0, length)]
    .map((byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length])
    .join('');
}

/**
 * SHA-256 (hex) of a JSON value, the same whatever the order of its keys: two submissions are the
 * same submission when their content is.
 */
export function contentHash(value: unknown): string {
  return hash('sha256', JSON.stringify(sortKeys(value)));
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
