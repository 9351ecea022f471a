/** People hear of held leads that somebody could be reached through: a browser fills in hidden fields, too. */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { QuarantineReason } from '@leadwire/shared/contract/alert-facts';
import type { Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { createEndOldAlert } from '../end-old-alert.ts';

const LOOK_MS = 2_000;
/** The first one is told at once, those after it together. */
const GATHER_MS = 10 * 60_000;
const WHAT = 'quarantined';

/** Of a flood there is an alert of its own. */
const WHY: Partial<Record<QuarantineReason, string>> = {
  honeypot: 'заполнено скрытое поле, это делают программы, а иногда и сам браузер',
  challenge: 'проверка «я не робот» не пройдена',
};

export interface HeldAlerts {
  /** A new lead was stored and is held. */
  note(lead: Lead, reason: QuarantineReason): void;
  start(): BackgroundWork;
}

export interface HeldAlertsPorts {
  alerts: Pick<Alerts, 'report' | 'resolve'>;
  log: Log;
}

export function createHeldAlerts({ alerts, log }: HeldAlertsPorts): HeldAlerts {
  const untold = new Map<QuarantineReason, { count: number; since: string }>();
  const toldAt = new Map<QuarantineReason, number>();
  // What nobody has let out in a day has been looked at, or nobody will. Who lets out all of them ends it at once.
  const endOld = createEndOldAlert(alerts, WHAT, 'Сутки новых удержанных заявок не было.');

  const tell = async (): Promise<void> => {
    for (const [reason, { count, since }] of [...untold]) {
      if (Date.now() - (toldAt.get(reason) ?? -Infinity) < GATHER_MS) continue;
      const message =
        `Удержано заявок с рабочими контактами: ${count} (${WHY[reason]}). Посмотрите их в таблице и выпустите ` +
        `настоящие: leadwire leads release --reason ${reason} --since ${since}`;
      const alert = { severity: 'warning', what: WHAT, message } as const;
      await alerts.report({ ...alert, release: { reason, since } }, `${WHAT}:${newId()}`);
      toldAt.set(reason, Date.now());
      untold.delete(reason);
    }
    await endOld();
  };

  return {
    note(lead, reason) {
      if (WHY[reason] === undefined || !isReachable(lead)) return;
      const { count = 0, since = lead.receivedAt } = untold.get(reason) ?? {};
      untold.set(reason, { count: count + 1, since });
    },
    start: () =>
      startPeriodic({
        name: 'held-alerts',
        everyMs: LOOK_MS,
        work: tell,
        onError: (err) => log.debug({ err }, 'the alert about held leads was not published'),
      }),
  };
}

function isReachable({ email, phone, contactIssues }: Lead): boolean {
  const isPhone = phone !== null && !contactIssues.includes('phone_invalid');
  return isPhone || (email !== null && !contactIssues.includes('email_invalid'));
}
