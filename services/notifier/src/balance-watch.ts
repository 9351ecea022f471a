/**
 * Looks at the money left for SMS, so that somebody hears of it before it is used up: the faster it falls, the sooner
 * it looks again. A balance that does not cover an SMS is an alert of its own, because then SMS wait.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { SMS_BALANCE, type MobizonClient } from '@leadwire/shared/providers/mobizon/messages';
import type { BackgroundWork } from '@leadwire/shared/service/service';

/** A service that is restarted again and again does not ask each time. */
const FIRST_AFTER_MS = 60_000;
/** Not more often than this, however fast it falls. */
const SOONEST_MS = 30_000;
const LOW = 'mobizon_balance_low';

export interface BalanceWatchOptions {
  mobizon: Pick<MobizonClient, 'balance'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** In the account's currency. */
  below: number;
  /** Of one SMS, in the account's currency. */
  price: number;
  log: Log;
  onBalance?: (balance: number) => void;
  firstAfterMs?: number;
  /** While it does not fall. */
  everyMs: number;
}

interface Reading {
  balance: number;
  at: number;
}

/** Goes on until `stop`. A balance that cannot be read is logged and asked for again next time. */
export function startBalanceWatch(options: BalanceWatchOptions): BackgroundWork {
  const { mobizon, alerts, below, price, log, everyMs } = options;
  const over = new AbortController();
  const { signal } = over;
  const sleep = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  const check = async (): Promise<Reading> => {
    const balance = await mobizon.balance();
    options.onBalance?.(balance);
    if (balance < price) {
      const message = `На счёте Mobizon ${balance} тг, на одну SMS нужно ${price}: SMS не уходят и ждут. Пополните счёт, и они уйдут сами.`;
      await alerts.raise({ severity: 'critical', what: SMS_BALANCE, message });
    } else {
      await alerts.resolve(
        SMS_BALANCE,
        `Счёт Mobizon пополнен, на нём ${balance} тг: SMS снова уходят.`,
      );
    }
    if (balance < below) {
      log.warn({ balance, below }, 'the balance for SMS is low');
      const message = `На счёте Mobizon осталось ${balance} тг, меньше ${below}: пополните его, иначе SMS остановятся.`;
      await alerts.raise({ severity: 'warning', what: LOW, message });
    } else {
      await alerts.resolve(LOW, `На счёте Mobizon снова достаточно: ${balance} тг.`);
    }
    return { balance, at: Date.now() };
  };

  const run = async (): Promise<void> => {
    let last: Reading | undefined;
    await sleep(options.firstAfterMs ?? Math.min(FIRST_AFTER_MS, everyMs));
    while (!signal.aborted) {
      const reading = await check().catch((thrown: unknown) => {
        log.warn({ err: toError(thrown) }, 'the balance could not be checked');
        return undefined;
      });
      const waitMs = reading && last ? nextLookMs(last, reading, price, everyMs) : everyMs;
      last = reading ?? last;
      await sleep(waitMs);
    }
  };
  const finished = run();

  return {
    name: 'mobizon-balance',
    problem: () => undefined,
    async stop() {
      over.abort();
      await finished;
    },
  };
}

/** Four looks before it is used up, if it goes on falling as it did; at most `everyMs`. */
export function nextLookMs(last: Reading, now: Reading, price: number, everyMs: number): number {
  const soonestMs = Math.min(SOONEST_MS, everyMs);
  // Somebody is about to top it up, and waits to see SMS leave.
  if (now.balance < price) return Math.min(60_000, everyMs);
  const fallPerMs = (last.balance - now.balance) / Math.max(1, now.at - last.at);
  if (fallPerMs <= 0) return everyMs;
  const emptyInMs = (now.balance - price) / fallPerMs;
  return Math.min(everyMs, Math.max(soonestMs, Math.round(emptyInMs / 4)));
}
