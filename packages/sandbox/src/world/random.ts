import { randomInt } from 'node:crypto';

/** Everything that looks random in the sandbox comes from here, so that one seed repeats a whole run. */
export type Random = {
  /** Between 0 (included) and 1 (left out). */
  next(): number;
  /** A version 4 uuid. */
  uuid(): string;
  /** `length` characters of `alphabet`. */
  text(length: number, alphabet: string): string;
};

const HEX = '0123456789abcdef';

/** A seeded generator (mulberry32, public domain); without a seed it starts somewhere else every time. */
export function createRandom(seed: number = randomInt(2 ** 31)): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const text = (length: number, alphabet: string): string =>
    Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('');
  const uuid = (): string =>
    [
      text(8, HEX),
      text(4, HEX),
      `4${text(3, HEX)}`,
      text(1, '89ab') + text(3, HEX),
      text(12, HEX),
    ].join('-');
  return { next, uuid, text };
}
