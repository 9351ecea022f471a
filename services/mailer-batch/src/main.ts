import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { readEnv } from '@leadwire/shared/runtime/env';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { createHttpPorts } from './api/api.ts';
import { createHttp } from './api/http.ts';
import { createCampaignStore } from './campaigns/campaign-store.ts';
import { createChannels } from './sending/channels.ts';
import { consumeFacts } from './reports/consume-facts.ts';
import { createEngine } from './sending/engine.ts';
import { envSchema } from './env.ts';
import { createFacts } from './reports/facts.ts';
import { startSubjectTests } from './campaigns/subject-tests.ts';
import { startSmsPoll } from './sending/sms-poll.ts';

const NAME = 'mailer-batch';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
const parts = { bus, log, metrics };
const access = createAccess(env, parts);

const database = createDatabase({
  project: 'landing',
  url: env.LANDING_SUPABASE_URL,
  serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
});
const store = createCampaignStore(database);
const { channels, mobizon, resend } = createChannels(env, parts);
const engine = createEngine(env, { ...parts, store, channels });
const facts = createFacts({ database, mobizon, bus });

const ports = await createHttpPorts(env, {
  log,
  bus,
  database,
  store,
  channels,
  resend,
  mobizon,
  wakePump: engine.wakePump,
});

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access,
  http: await createHttp(access, ports),
  consume: () => [
    engine.startPump(),
    startConsumer({
      ...parts,
      durable: 'mailer-batch',
      schema: eventSchemas['campaign.batch_ready.v1'],
      handle: engine.sendBatch,
      atMost: engine.batchesAtOnce,
    }),
    ...consumeFacts(parts, facts),
    startSmsPoll({ facts, log }),
    startSubjectTests(ports),
  ],
});
