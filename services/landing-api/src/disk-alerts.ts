/** People hear of it before the streams or the disk with the journal are full. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

const LOOK_MS = 60_000;
/** From here on there is time to act, and no sooner is it worth a message. */
const FULL_PERCENT = 70;
const WHAT = 'disk';

export interface DiskAlertsOptions {
  bus: Pick<Bus, 'manager' | 'isConnected'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  log: Log;
  /** The journal's folder. */
  dir: string;
  /** What the broker's streams may take, in bytes, where the broker does not say so itself. */
  streamBytes: number;
  everyMs?: number;
}

/** Looks until `stop`. A broker or a disk that does not answer has alerts of its own. */
export function startDiskAlerts(options: DiskAlertsOptions): BackgroundWork {
  const { bus, alerts, log, dir, streamBytes, everyMs = LOOK_MS } = options;

  const streams = async (): Promise<string[]> => {
    if (!bus.isConnected()) return [];
    const { storage, limits } = await (await bus.manager()).getAccountInfo();
    const most = limits.max_storage > 0 ? limits.max_storage : streamBytes;
    return fullText('Хранилище событий (NATS)', storage, most);
  };
  const journal = async (): Promise<string[]> => {
    const { used, most } = spaceOf(await statfs(dir));
    return fullText('Диск с журналом заявок', used, most);
  };

  return startPeriodic({
    name: 'disk-alerts',
    everyMs,
    onError: (err) => log.debug({ err }, 'sizes could not be looked at'),
    async work() {
      const full = [...(await streams()), ...(await journal())];
      if (full.length === 0) return alerts.resolve(WHAT, 'Места снова достаточно.');
      const message = `${full.join('. ')}. Освободите место или увеличьте NATS_MAX_STORE: без места заявки не принять.`;
      await alerts.raise({ severity: 'critical', what: WHAT, message });
    },
  });
}

/**
 * Blocks that are used and that we may use at most, as df(1) counts: what is free for root alone, or for another tenant
 * of the host, is neither.
 */
export function spaceOf({ blocks, bfree, bavail }: Pick<StatsFs, 'blocks' | 'bfree' | 'bavail'>) {
  const used = blocks - bfree;
  return { used, most: used + bavail };
}

/** What is to be said of a store that is filled that far, if anything. */
export function fullText(what: string, used: number, most: number): string[] {
  const percent = Math.round((used / most) * 100);
  return percent >= FULL_PERCENT ? [`${what}: занято ${percent} %`] : [];
}
