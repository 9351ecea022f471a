/** Looks at the money left for SMS every quarter of an hour, so that somebody hears of it before it is used up. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Alerts } from '@leadwire/shared/alerts';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/log';
import type { MobizonClient } from '@leadwire/shared/mobizon';
import type { BackgroundWork } from '@leadwire/shared/service';

const EVERY_MS = 15 * 60_000;
/** A service that is restarted again and again does not ask each time. */
const FIRST_AFTER_MS = 60_000;
const WHAT = 'mobizon_balance_low';

export interface BalanceWatchOptions {
  mobizon: Pick<MobizonClient, 'balance'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** In the account's currency. */
  below: number;
  log: Log;
  firstAfterMs?: number;
  everyMs?: number;
}

/** Goes on until `stop`. A balance that cannot be read is logged and asked for again next time. */
export function startBalanceWatch(options: BalanceWatchOptions): BackgroundWork {
  const { mobizon, alerts, below, log } = options;
  const { firstAfterMs = FIRST_AFTER_MS, everyMs = EVERY_MS } = options;
  const over = new AbortController();
  const sleep = (ms: number) =>
    delay(ms, undefined, { signal: over.signal }).catch(() => undefined);

  const check = async (): Promise<void> => {
    const balance = await mobizon.balance();
    if (balance < below) {
      log.warn({ balance, below }, 'the balance for SMS is low');
      const message = `Mobizon: ${balance} left, less than ${below}: top the account up`;
      await alerts.raise({ severity: 'warning', what: WHAT, message });
    } else {
      await alerts.resolve(WHAT, `Mobizon: ${balance} left`);
    }
  };

  const run = async (): Promise<void> => {
    for (await sleep(firstAfterMs); !over.signal.aborted; await sleep(everyMs)) {
      await check().catch((thrown: unknown) =>
        log.warn({ err: toError(thrown) }, 'the balance could not be checked'),
      );
    }
  };
  const finished = run();

  return {
    durable: 'mobizon-balance',
    problem: () => undefined,
    async stop() {
      over.abort();
      await finished;
    },
  };
}
