/** The only wiring, for main and for tests. */
import { connectCampaigns } from '@leadwire/operations/campaigns/campaign-api';
import { openBus } from '@leadwire/shared/broker/bus';
import { createLog, type Log } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import type { ServiceOptions } from '@leadwire/shared/service/service';
import { createSeal } from '@leadwire/shared/runtime/seal';
import { createAccounts } from './auth/accounts.ts';
import { connectAs } from './data/person.ts';
import type { ConsoleEnv } from './env.ts';
import { createLive } from './http/live.ts';
import { addPages } from './http/pages.ts';
import { createServer } from './http/server.ts';
import { createSessions } from './http/sessions.ts';
import { routesOf } from './routes.ts';

const NAME = 'console';

/** Everything that `runService` or `startService` needs. Not listening yet. */
export async function createConsole(
  env: ConsoleEnv,
  log: Log = createLog(NAME, env.LOG_LEVEL),
): Promise<ServiceOptions> {
  const metrics = createMetrics(NAME);
  const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
  const { LANDING_SUPABASE_URL: database, LANDING_SUPABASE_PUBLISHABLE_KEY: key } = env;
  const { CONSOLE_URL: url, CONSOLE_SECRET: secret } = env;
  const accounts = createAccounts(database, key);
  const sessions = createSessions({ accounts, secret, isSecure: url.startsWith('https:') });
  const live = createLive();
  const http = await createServer({ log, url });
  const routes = routesOf({
    bus,
    accounts,
    clock: { now: () => new Date(), timeZone: env.TIME_ZONE },
    seal: createSeal(secret, 'address'),
    amocrmUrl: env.AMOCRM_BASE_URL,
    publicUrl: env.PUBLIC_BASE_URL,
    campaignsFor: ({ email: actor }) =>
      connectCampaigns({ url: env.MAILER_BATCH_URL, token: env.CAMPAIGNS_TOKEN, actor }),
  });
  addPages(http, routes, {
    url,
    accounts,
    sessions,
    live,
    connectAs: (session) => connectAs(database, key, session),
  });
  return {
    log,
    bus,
    metrics,
    http,
    port: env.PORT,
    host: env.HOST,
    access: createAccess(env, { bus, log }),
    consume: () => [live.start(bus)],
  };
}
