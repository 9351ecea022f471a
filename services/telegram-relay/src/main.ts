import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { readEnv } from '@leadwire/shared/runtime/env';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { runService } from '@leadwire/shared/service/service';
import { createBotWork } from './bot-work.ts';
import { connectTelegram } from './connect.ts';
import { envSchema } from './env.ts';
import { createLeadRelay, mirrorGroups } from './leads/leads.ts';

const NAME = 'telegram-relay';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const parts = { bus, log, metrics };
const { bots, groups } = connectTelegram(env, parts);
const botWork = createBotWork(env, { ...parts, bots, groups });
const leads = createLeadRelay(env, { ...parts, groups, speaker: bots.leads });

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  ...(botWork.http && { http: botWork.http }),
  consume: () => [
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
    ...mirrorGroups(env, { log, groups }),
  ],
});
