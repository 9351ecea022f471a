/** The service's parts, put together. */
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { createBotWork } from './bot-work.ts';
import { connectTelegram } from './connect.ts';
import { envSchema, type TelegramRelayEnv } from './env.ts';
import { createGroupMirror, createLeadRelay } from './leads/leads.ts';

function create(env: TelegramRelayEnv, parts: AppParts): AppWork {
  const { log } = parts;
  const { bots, groups, refusals } = connectTelegram(env, parts);
  const botWork = createBotWork(env, { ...parts, bots, groups, refusals });
  const mirror = createGroupMirror(env, { log, groups });
  const leads = createLeadRelay(env, {
    ...parts,
    groups,
    refusals,
    sender: bots.leads,
    areGroupsKnown: mirror.areGroupsKnown,
  });

  return {
    ...(botWork.http && { http: botWork.http }),
    consume: () => [
      ...mirror.start(),
      startConsumer({
        ...parts,
        durable: 'telegram-plan',
        schema: leadTakenSchema,
        handle: leads.planLead,
      }),
      startConsumer({
        ...parts,
        durable: 'telegram-send',
        schema: eventSchemas['telegram.notice.v1'],
        handle: leads.sendNotice,
        giveUp: leads.giveUp,
        stopNames: ['telegram-leads_stopped', 'telegram-leads_limited'],
      }),
      ...botWork.start(),
    ],
  };
}

export const app: App<TelegramRelayEnv> = {
  name: 'telegram-relay',
  schema: envSchema,
  create,
};
