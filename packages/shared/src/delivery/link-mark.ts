import { createHash } from 'node:crypto';

const LENGTH = 32;
/** A token of unsubscribe-token.ts, whatever its length. */
const WAY_OUT = /^\/u\/[A-Za-z0-9_-]{64,}$/;

/** The mark of every link to unsubscribe: each person has another one. */
export const UNSUBSCRIBE_MARK = 'unsubscribe';

/**
 * What stands for an address in facts about clicks: the same for the same address, and nobody reads the address out of
 * it. Links to unsubscribe and some others are a person's own, and whoever has them may act for that person.
 */
export function linkMark(address: string): string {
  const url = URL.parse(address.trim());
  if (url && WAY_OUT.test(url.pathname)) return UNSUBSCRIBE_MARK;
  const whole = url?.href ?? address.trim();
  return createHash('sha256').update(whole).digest('hex').slice(0, LENGTH);
}
