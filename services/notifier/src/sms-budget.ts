/**
 * The most SMS that leads may cost in an hour and in a day. Whoever posts to the form spends our money, so beyond it
 * planned SMS wait until there is room, or until a person lifts it (`leadwire sms budget lift`).
 */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Quota } from '@leadwire/shared/coordination/quota';
import { SMS_BUDGET_ALERT, SMS_BUDGET_KEY } from '@leadwire/shared/delivery/sms-budget-key';
import { SnoozeError, toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';

const HOUR_MS = 60 * 60_000;
/** How often a waiting SMS looks again: a person who lifts the budget waits no longer than this. */
const LOOK_AGAIN_MS = 20_000;
/** Whether the alert still stands is looked up this often, by every process: the one that raised it may be gone. */
const TELL_EVERY_MS = 60_000;

export interface SmsBudgetOptions {
  quota: Pick<Quota, 'take' | 'giveBack'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** 0 for no limit. */
  perHour: number;
  perDay: number;
  log: Log;
  /** Hears how many could still be sent. */
  onLeft?: (left: number) => void;
  now?: () => number;
}

export interface SmsBudget {
  /** @throws SnoozeError when it is used up; TransientError when the broker does not answer. */
  take(deliveryId: string): Promise<void>;
  giveBack(deliveryId: string): Promise<void>;
}

export function createSmsBudget(options: SmsBudgetOptions): SmsBudget {
  const { quota, alerts, perHour, perDay, log, now = Date.now } = options;
  const limits = [
    { withinMs: HOUR_MS, most: perHour, time: 'час', name: 'SMS_BUDGET_PER_HOUR' },
    { withinMs: 24 * HOUR_MS, most: perDay, time: 'сутки', name: 'SMS_BUDGET_PER_DAY' },
  ].filter(({ most }) => most > 0);
  let toldAt = -Infinity;
  let isTold: boolean | undefined;

  /** Telling must never stop the work. */
  const tell = async (state: boolean, work: () => Promise<void>): Promise<void> => {
    if (isTold === state && now() - toldAt < TELL_EVERY_MS) return;
    await work().then(
      () => {
        isTold = state;
        toldAt = now();
      },
      (thrown: unknown) => log.warn({ err: toError(thrown) }, 'the alert was not published'),
    );
  };

  return {
    async take(id) {
      if (limits.length === 0) return;
      const taken = await quota.take({ key: SMS_BUDGET_KEY, id, rules: limits });
      if (taken.isGranted) {
        options.onLeft?.(taken.left);
        // With a slot that has just become free it is not over: the next one would be told as new.
        if (taken.left < Math.min(...limits.map(({ most }) => most)) / 10) return;
        const message = 'SMS по заявкам снова отправляются: лимит больше не исчерпан.';
        return tell(false, () => alerts.resolve(SMS_BUDGET_ALERT, message));
      }
      options.onLeft?.(0);
      const { most, time, name } = limits[taken.rule] ?? { most: 0, time: 'час', name: '' };
      const message =
        `Исчерпан лимит SMS по заявкам: за ${time} уже ${most} (${name}). ` +
        'Остальные SMS ждут и не потеряны. Посмотрите, настоящие ли это заявки. ' +
        'Если да, снимите лимит: npm run leadwire -- sms budget lift. ' +
        'Если нет, отмените их: npm run leadwire -- leads cancel';
      await tell(true, () =>
        alerts.raise({ severity: 'critical', what: SMS_BUDGET_ALERT, message }),
      );
      throw new SnoozeError(
        'the budget of SMS is used up',
        Math.min(taken.freeInMs, LOOK_AGAIN_MS),
      );
    },

    giveBack: (id) =>
      limits.length === 0 ? Promise.resolve() : quota.giveBack(SMS_BUDGET_KEY, id),
  };
}
