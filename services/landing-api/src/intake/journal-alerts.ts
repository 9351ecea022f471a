/** People hear of it when leads stay in the journal although the broker is there, and when the journal takes none. */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { STUCK_SECONDS, oldestAge } from './journal-watch.ts';
import type { Journal } from './journal.ts';

const LOOK_MS = 30_000;
const WHAT = 'journal_not_draining';
const UNWRITABLE = 'journal_not_writable';

export interface JournalAlertsOptions {
  journal: Pick<Journal, 'waiting' | 'depth' | 'problem'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  log: Log;
  /** Milliseconds from one look to the next. */
  everyMs?: number;
}

/**
 * Looks until `stop`. A journal that gets shorter is being drained, after an outage say. While the broker
 * is away nobody can be told; journal-watch.ts writes it into the log.
 */
export function startJournalAlerts(options: JournalAlertsOptions): BackgroundWork {
  const { journal, alerts, log, everyMs = LOOK_MS } = options;
  let isKnownToDrain = false;
  let isKnownToWrite = false;
  let lastDepth = Infinity;

  const lookAtDisk = async (): Promise<void> => {
    const problem = journal.problem();
    if (problem !== undefined) {
      isKnownToWrite = false;
      await alerts.raise({ severity: 'critical', what: UNWRITABLE, message: problem });
    } else if (!isKnownToWrite) {
      await alerts.resolve(UNWRITABLE, 'the journal takes leads again');
      isKnownToWrite = true;
    }
  };

  const look = async (): Promise<void> => {
    await lookAtDisk();
    const depth = journal.depth();
    const minutes = Math.round(oldestAge(journal) / 60);
    const isOld = oldestAge(journal) >= STUCK_SECONDS;
    const isShrinking = depth < lastDepth;
    lastDepth = depth;
    if (isOld && isShrinking) return;
    if (isOld) {
      isKnownToDrain = false;
      const message = `${depth} leads wait in landing-api's journal, the oldest for ${minutes} min; its log says why they stay`;
      await alerts.raise({ severity: 'critical', what: WHAT, message });
    } else if (!isKnownToDrain) {
      await alerts.resolve(WHAT, 'no lead waits in the journal for long any more');
      isKnownToDrain = true;
    }
  };

  return startPeriodic({
    name: 'journal-alerts',
    work: look,
    onError: (err) => log.debug({ err }, 'the alert was not published'),
    everyMs,
  });
}
