/** Raises `no_leads` when leads are missing against the usual for that weekday and hour, and ends it when they come again. */
import { lookAtRows } from '@leadwire/operations/health/rows';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

const EVERY_MS = 5 * 60_000;

export interface SilencePorts {
  database: Pick<Database, 'call'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  now?: () => Date;
}

/**
 * Looks once. The console's own page warns earlier; people are woken by what chance alone hardly makes.
 * @throws as Database; TransientError when the broker does not answer
 */
export async function watchSilence({ database, alerts, now = () => new Date() }: SilencePorts) {
  const findings = await lookAtRows(database, now());
  const leads = findings.find(({ part }) => part === 'leads');
  if (leads?.state === 'broken') {
    await alerts.raise({ severity: 'critical', what: 'no_leads', message: leads.text });
  } else if (leads?.state === 'ok') {
    await alerts.resolve('no_leads', leads.text);
  }
}

export function startSilenceWatch(ports: SilencePorts & { log: Log }): BackgroundWork {
  const { log } = ports;
  return startPeriodic({
    name: 'telegram-silence',
    everyMs: EVERY_MS,
    work: () => watchSilence(ports),
    onError: (err) => log.warn({ err }, 'whether leads are missing is looked at again'),
  });
}
