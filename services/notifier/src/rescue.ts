/** Looks for strays at start and every few minutes, for as long as the notifier runs. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Sweep } from '@leadwire/shared/delivery/rescue';

/** Strays are rare, and each look costs the broker a few requests. */
export const SWEEP_EVERY_MS = 5 * 60_000;
/** At start the ledger is read back this far; `leadwire dead sweep` reads all of it. */
export const SWEEP_BACK_MS = 7 * 24 * 60 * 60_000;

const NOTHING = { broughtBack: 0, withoutLead: [] };

export interface SweeperOptions {
  bus: Pick<Bus, 'ready'>;
  log: Log;
  sweep: Sweep;
  /** Milliseconds from the end of one sweep to the next. */
  everyMs?: number;
}

export interface Sweeper {
  /** Resolves when the sweep that is under way is over; none follows. */
  stop(): Promise<void>;
}

/**
 * Starts sweeping once the broker is there. Replicas need not take turns: what two of them bring back
 * is one message or two, and the ledger lets one of them send.
 */
export function startSweeper(options: SweeperOptions): Sweeper {
  const { bus, log, sweep, everyMs = SWEEP_EVERY_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let underWay: Promise<void> = Promise.resolve();
  let said = new Set<string>();

  const sweepOnce = async (): Promise<void> => {
    try {
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
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'the sweep failed, trying again later');
    }
  };

  const run = (): void => {
    if (isStopping) return;
    underWay = sweepOnce().finally(() => {
      if (!isStopping) timer = setTimeout(run, everyMs);
    });
  };
  bus.ready.then(run, () => undefined);

  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
