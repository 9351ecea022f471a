import { createHash } from 'node:crypto';

const LENGTH = 32;

/**
 * What stands for an address in facts about clicks: the same for the same address, and nobody reads the address out of
 * it. Links to unsubscribe and some others are a person's own, and whoever has them may act for that person.
 */
export function linkMark(address: string): string {
  const whole = URL.parse(address.trim())?.href ?? address.trim();
  return createHash('sha256').update(whole).digest('hex').slice(0, LENGTH);
}
