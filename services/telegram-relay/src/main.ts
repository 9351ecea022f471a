import { openBus } from '@leadwire/shared/bus';
import { startConsumer } from '@leadwire/shared/consumer';
import { readEnv } from '@leadwire/shared/env';
import { eventSchemas } from '@leadwire/shared/events';
import { createLog } from '@leadwire/shared/log';
import { createMetrics } from '@leadwire/shared/metrics';
import { runService } from '@leadwire/shared/service';
import { connectTelegram } from './connect.ts';
import { envSchema } from './env.ts';
import { createLeadRelay, mirrorGroups } from './leads.ts';

const NAME = 'telegram-relay';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const parts = { bus, log, metrics };
const { bots, groups } = connectTelegram(env, parts);
const leads = createLeadRelay(env, { ...parts, groups, speaker: bots.leads });

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  consume: () => [
    startConsumer({
      ...{ ...parts, durable: 'telegram-plan', schema: eventSchemas['lead.created.v1'] },
      handle: leads.planLead,
    }),
    startConsumer({
      ...{ ...parts, durable: 'telegram-send', schema: eventSchemas['telegram.notice.v1'] },
      ...{ handle: leads.sendNotice, giveUp: leads.giveUp },
    }),
    ...mirrorGroups(env, { log, groups }),
  ],
});
