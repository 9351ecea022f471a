import { openBus } from '@leadwire/shared/bus';
import { readEnv } from '@leadwire/shared/env';
import { createLedger } from '@leadwire/shared/ledger';
import { createLog } from '@leadwire/shared/log';
import { createMetrics } from '@leadwire/shared/metrics';
import { runService } from '@leadwire/shared/service';
import { createShortLinks } from '@leadwire/shared/short-links';
import { envSchema } from './env.ts';
import { createHttp } from './http.ts';
import { createIntake } from './intake.ts';
import { createMeasures } from './measures.ts';

const NAME = 'landing-api';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const http = await createHttp(env, {
  log,
  bus,
  intake: createIntake(bus),
  ledger: createLedger(bus),
  links: createShortLinks(bus),
  measures: createMeasures(metrics.registry),
  now: () => new Date(),
});

await runService({ log, bus, metrics, port: env.PORT, http, metricsToken: env.ADMIN_TOKEN });
