/** Looks for strays at start and every few minutes, for as long as the notifier runs. */
import type { Sweep } from '@leadwire/shared/delivery/rescue';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

/** Strays are rare, and each look costs the broker a few requests. */
const EVERY_MS = 5 * 60_000;
/** At start the ledger is read back this far; `leadwire dead sweep` reads all of it. */
export const SWEEP_BACK_MS = 7 * 24 * 60 * 60_000;

const NOTHING = { broughtBack: 0, withoutLead: [] };

/**
 * To be started once the broker is there. Replicas need not take turns: what two of them bring back
 * is one message or two, and the ledger lets one of them send.
 */
export function startRescue(sweep: Sweep, log: Log): BackgroundWork {
  let said = new Set<string>();
  return startPeriodic({
    name: 'notifier-rescue',
    everyMs: EVERY_MS,
    onError: (err) => log.warn({ err }, 'the sweep failed, trying again later'),
    async work() {
      const strays = await sweep.look();
      const isQuiet = strays.overdue.length + strays.stuck.length === 0;
      const { broughtBack, withoutLead } = isQuiet ? NOTHING : await sweep.bringBack(strays);
      if (broughtBack > 0) log.warn({ broughtBack }, 'strays were brought back');
      const found = new Set(withoutLead.map(({ deliveryId }) => deliveryId));
      for (const deliveryId of found) {
        if (!said.has(deliveryId)) log.error({ deliveryId }, 'an overdue delivery has no lead');
      }
      // What is found no more need not be known: no more is kept than one sweep finds.
      said = found;
    },
  });
}
