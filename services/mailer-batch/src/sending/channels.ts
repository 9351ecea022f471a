/** The two channels with the providers behind them. The accounts are the notifier's too: their limits are shared. */
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createQuota } from '@leadwire/shared/coordination/quota';
import { createSmsBudget, type SmsBudget } from '@leadwire/shared/delivery/sms-budget';
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import {
  MOST_RECIPIENTS,
  createMobizonCampaigns,
} from '@leadwire/shared/providers/mobizon/campaigns';
import { createResend } from '@leadwire/shared/providers/resend';
import { sendingAccounts, smsRefusal } from '@leadwire/shared/providers/accounts';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { Gauge } from 'prom-client';
import type { MailerEnv } from '../env.ts';
import { createMailChannel } from './mail-channel.ts';
import { createSmsChannel } from './sms-channel.ts';

/** `resend` and `mobizon` are also for test sends and reports; `refusal` says why a number gets no SMS. */
export function createChannels(env: MailerEnv, parts: ProcessParts) {
  const accounts = sendingAccounts(env, parts);
  const resend = createResend(accounts.resend);
  const mobizon = createMobizon(accounts.mobizon);
  const email = createMailChannel({
    resend,
    from: env.RESEND_FROM_EMAIL,
    publicBaseUrl: env.PUBLIC_BASE_URL,
    unsubscribeSecret: env.UNSUBSCRIBE_SECRET,
  });
  const refusal = (phone: string) => smsRefusal(env, phone);
  const sms = createSmsChannel({
    mobizon: createMobizonCampaigns(accounts.mobizon),
    from: env.MOBIZON_FROM,
    listingLagMs: env.MOBIZON_LISTING_LAG_MS,
    refusal,
    budget: createBudget(env, parts),
    batchSize: Math.min(
      MOST_RECIPIENTS,
      ...[env.SMS_BUDGET_PER_HOUR, env.SMS_BUDGET_PER_DAY].filter((most) => most > 0),
    ),
  });
  return { resend, mobizon, refusal, channels: { email, sms } };
}

function createBudget(env: MailerEnv, { bus, log, metrics }: ProcessParts): SmsBudget {
  const left = new Gauge({
    name: 'sms_budget_left',
    help: 'SMS of campaigns that could still be sent in this hour or day, whichever is less',
    registers: [metrics.registry],
  });
  return createSmsBudget({
    source: 'campaigns',
    quota: createQuota(bus),
    alerts: createAlerts(bus),
    perHour: env.SMS_BUDGET_PER_HOUR,
    perDay: env.SMS_BUDGET_PER_DAY,
    log,
    onLeft: (count) => left.set(count),
  });
}
