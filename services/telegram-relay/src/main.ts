import { openBus } from '@leadwire/shared/bus';
import { startConsumer } from '@leadwire/shared/consumer';
import { readEnv } from '@leadwire/shared/env';
import { eventSchemas } from '@leadwire/shared/events';
import { createLog } from '@leadwire/shared/log';
import { createMetrics } from '@leadwire/shared/metrics';
import { runService } from '@leadwire/shared/service';
import { connectTelegram } from './connect.ts';
import { envSchema } from './env.ts';
import { createRelay } from './handler.ts';

const NAME = 'telegram-relay';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const parts = { bus, log, metrics };
connectTelegram(env, parts);
const { planLead, sendNotice, giveUp } = createRelay();

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  consume: () => [
    startConsumer({
      ...{ ...parts, durable: 'telegram-plan', schema: eventSchemas['lead.created.v1'] },
      handle: planLead,
    }),
    startConsumer({
      ...{ ...parts, durable: 'telegram-send', schema: eventSchemas['telegram.notice.v1'] },
      ...{ handle: sendNotice, giveUp },
    }),
  ],
});
