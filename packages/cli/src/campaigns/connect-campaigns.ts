/** mailer-batch as this machine's settings name it. */
import { connectCampaigns, type CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { actorHere } from '../actor.ts';
import type { CliEnv } from '../env.ts';

/** Asks nothing yet: what is wrong with address or token comes with the first question. */
export function openCampaigns({ MAILER_BATCH_URL: url, ADMIN_TOKEN: token }: CliEnv): CampaignApi {
  return connectCampaigns({ url, token, actor: actorHere() });
}
