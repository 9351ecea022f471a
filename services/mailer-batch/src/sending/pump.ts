/**
 * Lets time pass for campaigns: twice a second it has the database start what is scheduled, pause what goes wrong, finish
 * what is done, and name the batches that may be sent now; those it publishes. Every replica pumps; the database lets one
 * at a time do it.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { CampaignStore } from '../campaigns/campaign-store.ts';
import { AHEAD_MS } from '../campaigns/policy.ts';

const EVERY_MS = 500;
/** No tick went well for this long: readiness turns false. */
const SILENT_AFTER_MS = 30_000;

export interface PumpOptions {
  bus: Bus;
  store: Pick<CampaignStore, 'tick'>;
  tellPaused: (campaignId: string, reason: string) => Promise<void>;
  log: Log;
  /** Calls per second of the fastest account. */
  ratePerSecond: number;
  /** A batch that was handed out and that nobody took up is handed out again after this time. */
  nudgeMs: number;
  everyMs?: number;
}

export interface Pump extends BackgroundWork {
  /** Something may have changed: the next tick comes now. */
  wake(): void;
}

/** Starts at once and goes on until `stop`. */
export function startPump(options: PumpOptions): Pump {
  const { bus, store, log, ratePerSecond, nudgeMs, everyMs = EVERY_MS } = options;
  const ahead = Math.ceil((ratePerSecond * AHEAD_MS) / 1_000);
  let isStopping = false;
  let isWoken = false;
  let timer: NodeJS.Timeout | undefined;
  let lastGoodAt = Date.now();

  const nudge = (campaignId: string, n: number, count: number): Promise<unknown> => {
    const msgId = `batch:${campaignId}:${n}:${count}`;
    return publishEvent(bus, 'campaign.batch_ready.v1', { campaignId, n }, { msgId });
  };

  const tick = async (): Promise<void> => {
    try {
      const { started, paused, finished, nudges } = await store.tick(ahead, nudgeMs);
      for (const campaignId of started) log.info({ campaignId }, 'scheduled campaign started');
      for (const campaignId of finished) log.info({ campaignId }, 'campaign finished');
      for (const { id, reason } of paused) {
        log.warn({ campaignId: id, reason }, 'campaign paused by itself');
        await options.tellPaused(id, reason);
      }
      // In order, so that batches go out in the order of the list.
      for (const { campaignId, n, nudge: count } of nudges) await nudge(campaignId, n, count);
      lastGoodAt = Date.now();
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'the pump failed, trying again');
    }
  };

  const run = (): void => {
    isWoken = false;
    timer = undefined;
    underWay = tick().finally(() => {
      if (!isStopping) timer = setTimeout(run, isWoken ? 0 : everyMs);
    });
  };
  let underWay: Promise<void> = Promise.resolve();
  run();

  return {
    name: 'mailer-pump',
    wake() {
      // Without a timer a tick is under way, which may have looked too early: another one follows it.
      isWoken = true;
      if (timer === undefined || isStopping) return;
      clearTimeout(timer);
      run();
    },
    problem() {
      const silentMs = Date.now() - lastGoodAt;
      if (silentMs < SILENT_AFTER_MS) return undefined;
      return `campaigns have not been looked after for ${Math.round(silentMs / 1_000)} s`;
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
