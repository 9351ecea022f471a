/** The gate with its counts and measures, wired by the environment. */
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createQuota } from '@leadwire/shared/coordination/quota';
import { isErased } from '@leadwire/shared/delivery/erasure-list';
import { createSmsBudget } from '@leadwire/shared/delivery/sms-budget';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { Gauge } from 'prom-client';
import type { NotifierEnv } from './env.ts';
import { createGate, type GateOptions } from './gate.ts';

/** Quiet hours are those of the people who are written to. */
const TIME_ZONE = 'Asia/Almaty';

interface Parts extends ProcessParts, Pick<GateOptions, 'channels' | 'bounced'> {}

export function createGates(env: NotifierEnv, { bus, log, metrics, channels, bounced }: Parts) {
  const registers = [metrics.registry];
  const measures = {
    budgetLeft: new Gauge({
      name: 'sms_budget_left',
      help: 'SMS of leads that could still be sent in this hour or day, whichever is less',
      registers,
    }),
    balance: new Gauge({
      name: 'mobizon_balance',
      help: 'Money left for SMS, in the currency of the account, when it was last looked at',
      registers,
    }),
  };
  const quota = createQuota(bus);
  const budget = createSmsBudget({
    source: 'leads',
    quota,
    log,
    alerts: createAlerts(bus),
    perHour: env.SMS_BUDGET_PER_HOUR,
    perDay: env.SMS_BUDGET_PER_DAY,
    onLeft: (left) => measures.budgetLeft.set(left),
  });
  const gate = createGate({
    channels,
    quota,
    budget,
    bounced,
    isErased: (hash, receivedAt) => isErased(bus, hash, receivedAt),
    secret: env.CONTACT_HASH_SECRET,
    perDay: { sms: env.PERSON_SMS_PER_DAY, email: env.PERSON_MAIL_PER_DAY },
    quietHours: env.LEAD_SMS_QUIET_HOURS,
    timeZone: TIME_ZONE,
  });
  return { gate, measures };
}
