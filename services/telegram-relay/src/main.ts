import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { readEnv } from '@leadwire/shared/runtime/env';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { createBotWork } from './bot-work.ts';
import { connectTelegram } from './connect.ts';
import { envSchema } from './env.ts';
import { createGroupMirror, createLeadRelay } from './leads/leads.ts';

const NAME = 'telegram-relay';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const parts = { bus, log, metrics };
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

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
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
});
