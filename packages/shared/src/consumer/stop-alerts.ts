/**
 * What a consumer tells people: its channel has stopped, it works again, a message could not be handled.
 * Telling must never stop the work: a failure is logged, and tried again with the next occasion.
 */
import { createAlerts } from '../coordination/alerts.ts';
import type { Bus } from '../broker/bus.ts';
import { PermanentError, toError, type ChannelStoppedError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import type { AlertName } from '../contract/alert-kinds.ts';
import type { ConsumerName } from '../contract/consumers.ts';
import { ownCommand } from '../runtime/own-command.ts';

/** Many messages meet the same stop at once; each probe, a minute apart, looks whether it is still told. */
const SILENT_MS = 30_000;
/** About its own dead letters this one has nobody else to tell. */
const TELLER: ConsumerName = 'telegram-alerts';

export interface ChannelAlerts {
  /** Only a person can mend it. */
  stopped(error: ChannelStoppedError): Promise<void>;
  /** A message was handled: what was told as stopped, also by an earlier process, is over. */
  works(): Promise<void>;
  /** The message of this stream sequence went to DEAD_LETTERS. */
  buried(error: Error, seq: number): Promise<void>;
}

export interface ChannelAlertsOptions {
  bus: Bus;
  durable: ConsumerName;
  /** Names (`what`) of the ChannelStoppedErrors that the handler throws for a shared reason. */
  stopNames: readonly AlertName[];
  log: Log;
}

export function createChannelAlerts(options: ChannelAlertsOptions): ChannelAlerts {
  const { bus, durable, stopNames, log } = options;
  const alerts = createAlerts(bus);
  const ownName = `${durable}_stopped` as const;
  const names = new Set<AlertName>([ownName, ...stopNames]);
  const toldAt = new Map<string, number>();
  let isKnownToWork = false;

  const tell = (work: Promise<void>, otherwise: () => void): Promise<void> =>
    work.catch((thrown: unknown) => {
      otherwise();
      log.warn({ durable, err: toError(thrown) }, 'the alert was not published');
    });

  return {
    async stopped(error) {
      const what = error.what ?? ownName;
      names.add(what);
      isKnownToWork = false;
      const now = Date.now();
      if (now - (toldAt.get(what) ?? -Infinity) < SILENT_MS) return;
      toldAt.set(what, now);
      const { message } = error;
      await tell(alerts.raise({ severity: 'critical', what, message }), () => toldAt.delete(what));
    },

    async works() {
      if (isKnownToWork) return;
      isKnownToWork = true;
      toldAt.clear();
      const message = `${durable} works again`;
      const all = Promise.all([...names].map((what) => alerts.resolve(what, message)));
      await tell(
        all.then(() => undefined),
        () => (isKnownToWork = false),
      );
    },

    async buried(error, seq) {
      if (durable === TELLER) return;
      // The code alone: a provider's own words may carry contact data.
      const code = error instanceof PermanentError ? error.code : 'attempts_spent';
      const message = `${durable} gave a message up (${code}): ${ownCommand(`dead list --service ${durable}`)}`;
      const what = `${durable}_dead_letters` as const;
      const report = alerts.report(
        { severity: 'warning', what, message },
        `dead:${durable}:${seq}`,
      );
      await tell(report, () => undefined);
    },
  };
}
