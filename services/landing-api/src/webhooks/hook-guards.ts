/** What the addresses that providers post to have in common. */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { TransientError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { RequestError } from '@leadwire/shared/service/http-problems';

/** A provider that catches up sends what it has in one go, from a few addresses. */
export const HOOKS_PER_MINUTE = 3_000;

/**
 * For hooks about messages: a campaign of 500 mails a second is told of in thousands of webhooks a second,
 * from the provider's few addresses. Who cannot sign or does not know the address is refused cheaply.
 */
export const UNLIMITED = { rateLimit: false } as const;

/** Wrong secrets in a minute from everywhere that a mistake of ours explains; beyond that they are not compared. */
const WRONG_PER_MINUTE = 30;

/** Nobody came with a wrong secret for so long: addresses are mended, or whoever guessed has gone. */
const QUIET_MS = 15 * 60_000;
const WHAT = 'webhooks_refused';

export interface Strangers {
  /** One more wrong secret; true when there are too many. */
  count(): boolean;
  /** The service stops. */
  stop(): void;
}

interface StrangersPorts {
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  log: Pick<Log, 'debug'>;
  now?: () => number;
  quietMs?: number;
}

/**
 * Counts wrong secrets of all hooks together; people hear of it when somebody seems to guess, or an address is old, and
 * when that is over, also if it began before this process did.
 */
export function createStrangers({
  alerts,
  log,
  now = Date.now,
  quietMs = QUIET_MS,
}: StrangersPorts): Strangers {
  let minute = { startedAt: 0, count: 0 };
  const unheard = (err: unknown) => log.debug({ err }, 'the alert was not published');
  const over = (): void => {
    alerts.resolve(WHAT, 'Обращений к вебхукам с неверным секретом больше нет.').catch((thrown) => {
      unheard(thrown);
      quiet.refresh();
    });
  };
  const quiet = setTimeout(over, quietMs).unref();
  return {
    count() {
      quiet.refresh();
      if (now() - minute.startedAt > 60_000) minute = { startedAt: now(), count: 0 };
      minute.count += 1;
      if (minute.count === WRONG_PER_MINUTE) {
        const message =
          `Больше ${WRONG_PER_MINUTE} обращений за минуту к адресам вебхуков с неверным секретом. Если секрет меняли, ` +
          'впишите новые адреса вебхуков в AmoCRM и Mobizon; если нет, кто-то подбирает адрес.';
        alerts.raise({ severity: 'warning', what: WHAT, message }).catch(unheard);
      }
      return minute.count > WRONG_PER_MINUTE;
    },
    stop: () => clearTimeout(quiet),
  };
}

/**
 * For a route with `:secret` at its end: a wrong one is answered as an address that is not there, so
 * that nothing is said about how close a guess was.
 */
export function refuseStrangers(secret: string, strangers: Strangers) {
  return (
    request: FastifyRequest<{ Params: { secret: string } }>,
    _reply: unknown,
    next: (error?: Error) => void,
  ): void => {
    if (isSame(request.params.secret, secret)) return next();
    const isTooMany = strangers.count();
    next(
      isTooMany
        ? new RequestError(429, 'too many requests: try again later')
        : new RequestError(404, 'there is nothing at this address'),
    );
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
