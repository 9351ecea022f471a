/** The service's parts, put together. */
import { connectCampaigns } from '@leadwire/operations/campaigns/campaign-api';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { createSeal } from '@leadwire/shared/runtime/seal';
import { createAccounts } from './auth/accounts.ts';
import { connectAs } from './data/person.ts';
import { envSchema, type ConsoleEnv } from './env.ts';
import { createLive } from './http/live.ts';
import { addPages } from './http/pages.ts';
import { createServer } from './http/server.ts';
import { createSessions } from './http/sessions.ts';
import { routesOf } from './routes.ts';

async function create(env: ConsoleEnv, { bus, log }: AppParts): Promise<AppWork> {
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
  return { http, consume: () => [live.start(bus)] };
}

export const app: App<ConsoleEnv> = { name: 'console', schema: envSchema, create };
