/**
 * Asks about SMS whose report never came: Mobizon gives a report up after an hour without an answer. The database says
 * which ones are due and hands each to one replica, so that however many poll, nobody is asked twice about the same.
 */
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { Facts } from '../reports/facts.ts';

/** Soon enough for messages that wait a quarter of an hour before they are asked about. */
const EVERY_MS = 60_000;

export interface SmsPollOptions {
  facts: Pick<Facts, 'askAboutSms'>;
  log: Log;
  everyMs?: number;
}

/** Goes on until `stop`. What could not be asked is asked about at its next time. */
export function startSmsPoll({ facts, log, everyMs = EVERY_MS }: SmsPollOptions): BackgroundWork {
  const askAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const { asked, ended, isMore } = await facts.askAboutSms();
      if (asked > 0) log.info({ asked, ended }, 'asked about SMS without a report');
      if (!isMore) return;
    }
  };
  return startPeriodic({
    name: 'mailer-sms-poll',
    work: askAll,
    onError: (err) => log.warn({ err }, 'SMS without a report could not be asked about'),
    everyMs,
  });
}
