import { openBus } from '@leadwire/shared/broker/bus';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { startWork } from './app.ts';
import { envSchema } from './env.ts';

const NAME = 'crm-sync';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
const parts = { bus, log, metrics };

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
  consume: () => startWork(env, parts),
});
