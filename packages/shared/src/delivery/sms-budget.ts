/**
 * The most SMS that may be sent in an hour and in a day, leads and campaigns counted apart: both spend money that a stranger
 * or a slip of the hand may cause. Beyond it planned SMS wait until there is room, or until a person lifts it
 * (`leadwire sms budget lift`).
 */
import { z } from 'zod';
import type { Alerts } from '../coordination/alerts.ts';
import type { Quota } from '../coordination/quota.ts';
import { SnoozeError, toError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import { ownCommand } from '../runtime/own-command.ts';

const HOUR_MS = 60 * 60_000;
/** How often a waiting SMS looks again: a person who lifts the budget waits no longer than this. */
const LOOK_AGAIN_MS = 20_000;
/** Whether the alert still stands is looked up this often, by every process: the one that raised it may be gone. */
const TELL_EVERY_MS = 60_000;

/** One value at the broker holds what was counted: it has room for so many. */
const budget = (fallback: number) =>
  z.coerce
    .number('expected a number of SMS')
    .int('expected a number of SMS')
    .min(0, 'expected a number of SMS, or 0 for no limit')
    .max(10_000, 'expected at most 10000 SMS, or 0 for no limit')
    .default(fallback);

/** What a service reads that sends SMS. */
export const smsBudgetEnv = {
  SMS_BUDGET_PER_HOUR: budget(200),
  SMS_BUDGET_PER_DAY: budget(1_000),
};

export type SmsSource = 'leads' | 'campaigns';

/** Where they are counted (bucket `limits`), the alert about it, and what it says. */
export const SMS_BUDGETS = {
  leads: {
    key: 'budget.sms.leads',
    alert: 'sms_budget',
    subject: 'SMS по заявкам',
    advice:
      `Посмотрите, настоящие ли это заявки. Если да, снимите лимит: ${ownCommand('sms budget lift')}. ` +
      `Если нет, отмените их: ${ownCommand('leads cancel')}`,
  },
  campaigns: {
    key: 'budget.sms.campaigns',
    alert: 'sms_budget_campaigns',
    subject: 'SMS рассылок',
    advice:
      `Если рассылка нужна сейчас, снимите лимит: ${ownCommand('sms budget lift --campaigns')}. ` +
      'Если она начата по ошибке, отмените её.',
  },
} as const satisfies Record<SmsSource, unknown>;

export interface SmsBudgetOptions {
  source: SmsSource;
  quota: Pick<Quota, 'takeAll' | 'giveBack'>;
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
  /**
   * Room for all of these deliveries, or for none. @throws SnoozeError when it is used up; TransientError when the broker
   * does not answer.
   */
  take(...deliveryIds: string[]): Promise<void>;
  giveBack(deliveryId: string): Promise<void>;
}

export function createSmsBudget(options: SmsBudgetOptions): SmsBudget {
  const { quota, alerts, perHour, perDay, log, now = Date.now } = options;
  const { key, alert, subject, advice } = SMS_BUDGETS[options.source];
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
    async take(...ids) {
      if (limits.length === 0 || ids.length === 0) return;
      const taken = await quota.takeAll({ key, ids, rules: limits });
      if (taken.isGranted) {
        options.onLeft?.(taken.left);
        // With a slot that has just become free it is not over: the next one would be told as new.
        if (taken.left < Math.min(...limits.map(({ most }) => most)) / 10) return;
        const message = `${subject} снова отправляются: лимит больше не исчерпан.`;
        return tell(false, () => alerts.resolve(alert, message));
      }
      options.onLeft?.(0);
      const { most, time, name } = limits[taken.rule] ?? { most: 0, time: 'час', name: '' };
      const used = ids.length > 1 ? `не больше ${most}` : `уже ${most}`;
      const message =
        `Исчерпан лимит ${subject}: за ${time} ${used} (${name}). ` +
        `Остальные SMS ждут и не потеряны. ${advice}`;
      await tell(true, () => alerts.raise({ severity: 'critical', what: alert, message }));
      throw new SnoozeError(
        'the budget of SMS is used up',
        Math.min(taken.freeInMs, LOOK_AGAIN_MS),
      );
    },

    giveBack: (id) => (limits.length === 0 ? Promise.resolve() : quota.giveBack(key, id)),
  };
}
