/** Looks at the money left for SMS every quarter of an hour, so that somebody hears of it before it is used up. */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import type { MobizonClient } from '@leadwire/shared/providers/mobizon/messages';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

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

  return startPeriodic({
    durable: 'mobizon-balance',
    work: check,
    onError: (err) => log.warn({ err }, 'the balance could not be checked'),
    firstAfterMs,
    everyMs,
  });
}
