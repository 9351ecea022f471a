/**
 * What a person should look at, as facts in ALERTS. The newest fact about a thing says how it stands, so
 * that processes which notice the same, before or after a restart, tell it once together.
 */
import type { Bus } from '../broker/bus.ts';
import { publishEvent } from '../broker/publish-event.ts';
import type { Alert } from '../contract/alert-facts.ts';
import type { AlertName } from '../contract/alert-kinds.ts';
import { eventSchemas } from '../contract/events.ts';
import { subjects } from '../contract/topology.ts';

/** What goes on is told again this often: the first message may have been overlooked. */
const REMIND_MS = 60 * 60_000;

export type AlertText = Pick<Alert, 'severity' | 'message' | 'release'> & { what: AlertName };

export interface ResolveOptions extends Pick<Alert, 'release'> {
  /** Not when it was told later than that. */
  ifOlderThanMs?: number;
  /** Only when this is true of what people were told last. */
  ifTold?: (message: string) => boolean;
}

export interface Alerts {
  /**
   * It is so until `resolve` says otherwise: told once, and once more an hour later while it is still
   * raised, however many notice it.
   */
  raise(alert: AlertText): Promise<void>;
  /** It has happened: told every time, once for each `msgId` within two minutes. */
  report(alert: AlertText, msgId: string): Promise<void>;
  /** It is over: told once, and not at all when nothing was raised. */
  resolve(what: AlertName, message: string, options?: ResolveOptions): Promise<void>;
}

/** All methods throw TransientError when the broker did not confirm. */
export function createAlerts(
  bus: Pick<Bus, 'name' | 'publish' | 'lastUnder'>,
  now: () => number = Date.now,
): Alerts {
  const findLast = async (what: string) => {
    const stored = await bus.lastUnder('ALERTS', subjects.alert('*', what));
    const alert = eventSchemas['alert.raised.v1'].safeParse(stored?.event).data?.data;
    return { seq: stored?.seq ?? 0, alert };
  };

  const publish = async (alert: Omit<Alert, 'at'>, msgId: string): Promise<void> => {
    const data = { ...alert, at: new Date(now()).toISOString() };
    await publishEvent(bus, 'alert.raised.v1', data, { msgId });
  };

  return {
    async raise(alert) {
      const last = await findLast(alert.what);
      const isTold = last.alert !== undefined && last.alert.state !== 'resolved';
      if (isTold && now() - Date.parse(last.alert?.at ?? '') < REMIND_MS) return;
      // By what came before it: of several who find the same, one is heard.
      await publish(alert, `${alert.what}:raised:${last.seq}`);
    },

    report: publish,

    async resolve(what, message, { ifOlderThanMs = 0, ifTold, ...more } = {}) {
      const { seq, alert } = await findLast(what);
      if (alert === undefined || alert.state === 'resolved') return;
      if (ifTold && !ifTold(alert.message)) return;
      if (now() - Date.parse(alert.at) < ifOlderThanMs) return;
      const { severity } = alert;
      const over = { ...more, severity, what, message, state: 'resolved' as const };
      await publish(over, `${what}:resolved:${seq}`);
    },
  };
}
