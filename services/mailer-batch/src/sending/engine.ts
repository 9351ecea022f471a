/** What sends campaigns: the handler of batches and the pump, with all that they need. */
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { createPauseAlerts } from '../campaigns/pause-alerts.ts';
import type { CampaignStore } from '../campaigns/campaign-store.ts';
import type { CampaignChannel } from './channel.ts';
import type { MailerEnv } from '../env.ts';
import { createSendBatch, type SendBatch } from '../handler.ts';
import { createCampaignMeasures } from '../measures.ts';
import { startPump, type Pump } from './pump.ts';

interface Parts extends ProcessParts {
  store: CampaignStore;
  channels: Record<'email' | 'sms', CampaignChannel>;
}

/** As many as an account of a few calls a second can use. */
const FEWEST_AT_ONCE = 8;
/** A batch takes so long from its rendering to its end, in seconds. */
const BATCH_SECONDS = 0.6;

export interface Engine {
  sendBatch: SendBatch;
  /** More would only stand in the line, and make the database slow for those whose turn it is. */
  batchesAtOnce: number;
  /** To be called once the broker is there. */
  startPump: () => BackgroundWork;
  /** Does nothing before that. */
  wakePump: () => void;
}

export function createEngine(env: MailerEnv, parts: Parts): Engine {
  const { bus, log, metrics, store, channels } = parts;
  const { paused: tellPaused } = createPauseAlerts(parts);
  const leaseMs = env.CAMPAIGN_LEASE_MS;
  const sendBatch = createSendBatch({
    store,
    channels,
    tellPaused,
    leaseMs,
    log,
    measures: createCampaignMeasures(metrics),
  });
  const ratePerSecond = Math.max(env.RESEND_RATE_PER_SECOND, env.MOBIZON_RATE_PER_SECOND);
  // Half a lease: what died with a process is handed out again before its claims end.
  const nudgeMs = leaseMs / 2;
  let pump: Pump | undefined;
  return {
    sendBatch,
    batchesAtOnce: Math.max(FEWEST_AT_ONCE, Math.ceil(ratePerSecond * BATCH_SECONDS)),
    startPump() {
      pump = startPump({ bus, store, tellPaused, log, ratePerSecond, nudgeMs });
      return pump;
    },
    wakePump: () => pump?.wake(),
  };
}
