/** A campaign that pauses by itself waits for a person: admins hear of it, and of its end once somebody has decided. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { CampaignStore } from './campaign-store.ts';

const WORDS: Record<string, string> = {
  too_many_bounces: 'слишком много писем вернулось',
  too_many_errors: 'слишком много сообщений не ушло',
  provider_stopped: 'сервис отправки не принимает ничего, пока не вмешается человек',
  cannot_render: 'её тексты не удаётся собрать',
};

interface PauseAlertPorts {
  bus: Pick<Bus, 'name' | 'publish' | 'lastUnder'>;
  log: Pick<Log, 'warn'>;
  store: Pick<CampaignStore, 'get'>;
}

export interface PauseAlerts {
  paused: (campaignId: string, reason: string, message?: string) => Promise<void>;
  /** Somebody let it go on, or ended it. Says nothing when it had not paused by itself. */
  decided: (campaignId: string) => Promise<void>;
}

/** Neither throws: what is not told is in the log, and the campaign stands as paused in any case. */
export function createPauseAlerts({ bus, log, store }: PauseAlertPorts): PauseAlerts {
  const alerts = createAlerts(bus);
  const nameOf = (campaignId: string) => `campaign_paused-${campaignId}` as const;
  const quietly = (campaignId: string, told: Promise<void>) =>
    told.catch((thrown: unknown) =>
      log.warn({ campaignId, err: toError(thrown) }, 'the alert was not published'),
    );

  const report = async (campaignId: string, reason: string, detail?: string): Promise<void> => {
    const why = WORDS[reason] ?? reason;
    const more = detail === undefined ? '' : ` (${detail})`;
    // By its id where the database does not answer: that it stopped is to be told in any case.
    const campaign = await store.get(campaignId).catch(() => undefined);
    const message = `Рассылка «${campaign?.name ?? campaignId}»: ${why}${more}.`;
    await alerts.report({ severity: 'critical', what: nameOf(campaignId), message }, newId());
  };

  return {
    paused: (campaignId, reason, detail) => quietly(campaignId, report(campaignId, reason, detail)),
    decided: (campaignId) =>
      quietly(campaignId, alerts.resolve(nameOf(campaignId), 'Решено, что с ней делать.')),
  };
}
