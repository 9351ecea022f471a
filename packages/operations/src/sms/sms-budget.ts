/** How many SMS leads and campaigns have caused lately, and letting out those that wait for room. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createQuota } from '@leadwire/shared/coordination/quota';
import { SMS_BUDGETS, type SmsSource } from '@leadwire/shared/delivery/sms-budget';
import { audited } from '../audit/audited.ts';

const HOUR_MS = 60 * 60_000;

export interface SmsCounts {
  lastHour: number;
  lastDay: number;
}

/** What counts against SMS_BUDGET_PER_HOUR and SMS_BUDGET_PER_DAY now. @throws TransientError */
export async function readSmsCounts(bus: Bus, source: SmsSource = 'leads'): Promise<SmsCounts> {
  const [lastHour = 0, lastDay = 0] = await createQuota(bus).count(SMS_BUDGETS[source].key, [
    HOUR_MS,
    24 * HOUR_MS,
  ]);
  return { lastHour, lastDay };
}

/**
 * What was counted so far counts no more: as many SMS again may go out in the next hour and day, those that wait first.
 * Written into the audit log. @throws TransientError
 */
export async function liftSmsBudget(
  bus: Bus,
  actor: string,
  source: SmsSource = 'leads',
): Promise<SmsCounts> {
  const counts = await readSmsCounts(bus, source);
  const { key, alert } = SMS_BUDGETS[source];
  return audited(bus, { actor, action: 'sms_budget.lifted', subject: source }, async () => {
    await createQuota(bus).clear(key);
    await createAlerts(bus).resolve(alert, 'Лимит SMS снят: ждавшие SMS отправляются.');
    return counts;
  });
}
