import { createHash, hash } from 'node:crypto';
import { v5, v7 } from 'uuid';

/** The namespace of every derived id. Changing it would make finished deliveries look new. */
const NAMESPACE = '6f1d3c0e-2a5b-5c8e-9d41-7b0f4e8a1c37';

/** Alphabet of short codes: no 0/O, 1/l/I, because people read links from a phone and type them. */
const CODE_ALPHABET = '23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** A new id that sorts by time (UUID version 7, RFC 9562). */
export function newId(): string {
  return v7();
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
