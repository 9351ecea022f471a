/** What the addresses that providers post to have in common. */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { TransientError } from '@leadwire/shared/errors';
import { RequestError } from '@leadwire/shared/service/http-problems';

/** A provider that catches up sends what it has in one go, from a few addresses. */
export const HOOKS_PER_MINUTE = 3_000;

/**
 * For hooks about messages: a campaign of 500 mails a second is told of in thousands of webhooks a second,
 * from the provider's few addresses. Who cannot sign or does not know the address is refused cheaply.
 */
export const UNLIMITED = { rateLimit: false } as const;

/**
 * For a route with `:secret` at its end: a wrong one is answered as an address that is not there, so
 * that nothing is said about how close a guess was.
 */
export function refuseStrangers(secret: string) {
  return (
    request: FastifyRequest<{ Params: { secret: string } }>,
    _reply: unknown,
    next: (error?: Error) => void,
  ): void => {
    const isKnown = isSame(request.params.secret, secret);
    next(isKnown ? undefined : new RequestError(404, 'there is nothing at this address'));
  };
}

/**
 * Waits for `work` no longer than `ms`, so that the answer is still heard; what is not confirmed by
 * then is told once more by the provider. @throws TransientError when it took longer.
 */
export async function inTime(work: Promise<unknown>, ms: number): Promise<void> {
  const patience = new AbortController();
  const tooLate = delay(ms, undefined, { signal: patience.signal }).then(() => {
    throw new TransientError(`the broker took longer than ${ms} ms`);
  });
  tooLate.catch(() => undefined);
  work.catch(() => undefined);
  try {
    await Promise.race([work, tooLate]);
  } finally {
    patience.abort();
  }
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
