/** The service's parts, put together. */
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createDatabase, databaseStopped } from '@leadwire/shared/providers/supabase';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { createHttpPorts } from './api/api.ts';
import { createHttp } from './api/http.ts';
import { createCampaignStore } from './campaigns/campaign-store.ts';
import { createChannels } from './sending/channels.ts';
import { consumeFacts } from './reports/consume-facts.ts';
import { createEngine } from './sending/engine.ts';
import { envSchema, type MailerEnv } from './env.ts';
import { createClicks } from './reports/clicks.ts';
import { createFacts } from './reports/facts.ts';
import { createReportStore } from './reports/report-store.ts';
import { startSubjectTests } from './campaigns/subject-tests.ts';
import { consumeSequences } from './sequences/consume-sequences.ts';
import { createSequenceRunner } from './sequences/run-sequences.ts';
import { startSequenceSweep } from './sequences/sweep-sequences.ts';
import { startSmsPoll } from './sending/sms-poll.ts';

async function create(env: MailerEnv, parts: AppParts): Promise<AppWork> {
  const { bus, log, access } = parts;
  const database = createDatabase({
    project: 'landing',
    url: env.LANDING_SUPABASE_URL,
    serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
  });
  const store = createCampaignStore(database);
  const { channels, mobizon, resend } = createChannels(env, parts);
  const engine = createEngine(env, { ...parts, store, channels });
  const storeClick = createClicks({
    reports: createReportStore(database),
    publicBaseUrl: env.PUBLIC_BASE_URL,
    unsubscribeSecret: env.UNSUBSCRIBE_SECRET,
  });
  const facts = createFacts({ database, mobizon, bus, storeClick });

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

  const sequences = createSequenceRunner({
    bus,
    log,
    sequences: ports.sequences,
    texts: ports,
    ownTexts: ports.ownTexts,
    wakePump: engine.wakePump,
  });

  const work = { ...parts, stopNames: [databaseStopped('landing')] as const };
  return {
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
      ...consumeFacts(work, facts),
      ...consumeSequences(work, sequences),
      startSequenceSweep({ bus, log, sequences: ports.sequences }),
      startSmsPoll({ facts, log }),
      startSubjectTests(ports),
    ],
  };
}

export const app: App<MailerEnv> = {
  name: 'mailer-batch',
  schema: envSchema,
  create,
};
