/** Every service of ours in this process, answering and not consuming, with each route that a setting can open. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLog } from '@leadwire/shared/runtime/log';
import { assemble, type App, type AppEnv } from '@leadwire/shared/service/app';
import { startService, type RunningService } from '@leadwire/shared/service/service';
import { CONTACT_HASH_SECRET, mailerEnv, notifierEnv } from '@leadwire/testing/settings';
import type { TestSupabase } from '@leadwire/testing/supabase';
import { app as console_ } from '../../services/console/src/app.ts';
import { app as crmSync } from '../../services/crm-sync/src/app.ts';
import { app as identitySync } from '../../services/identity-sync/src/app.ts';
import { app as landingApi } from '../../services/landing-api/src/app.ts';
import { app as leadStore } from '../../services/lead-store/src/app.ts';
import { app as mailerBatch } from '../../services/mailer-batch/src/app.ts';
import { app as notifier } from '../../services/notifier/src/app.ts';
import { app as referrals } from '../../services/referrals/src/app.ts';
import { app as telegramRelay } from '../../services/telegram-relay/src/app.ts';

const SECRET = 'a-secret-for-tests-of-32-characters';
/** Nobody answers there: of what is asked in these tests, nothing goes on to a provider. */
const NOBODY = 'http://127.0.0.1:9';

/** A route as Fastify has it, and whether it answers below this service's address. */
export interface ServedRoute {
  service: string;
  method: string;
  url: string;
}

export interface AllServices {
  addresses: Readonly<Record<string, string>>;
  /** What each of them really listens to, the health routes and those of plug-ins too. */
  routes: readonly ServedRoute[];
  close(): Promise<void>;
}

interface Given {
  broker: { url: string };
  supabase: Pick<TestSupabase, 'env'>;
  /** For all of them: tokens that the stack is configured with. */
  env: Readonly<Record<string, string>>;
}

/** @throws when one of them cannot be put together. */
export async function startAllServices({ broker, supabase, env }: Given): Promise<AllServices> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leadwire-all-'));
  const routes: ServedRoute[] = [];
  let service = '';
  const listen = (message: unknown): void => {
    const { fastify } = message as { fastify: RouteTeller };
    const name = service;
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.push({ service: name, method: each, url });
    });
  };
  const running: Record<string, RunningService> = {};
  const start = async <Env extends AppEnv>(app: App<Env>, own: Record<string, string> = {}) => {
    service = app.name;
    const common = { NATS_URL: broker.url, HOST: '127.0.0.1', PORT: '0', ...supabase.env, ...env };
    const settings = readEnv(app.schema, { ...common, ...own }) as Env;
    const parts = await assemble(app, settings, createLog(app.name, 'silent'));
    running[app.name] = await startService({ ...parts, consume: () => [] });
  };

  // Fastify tells of every instance before its first route.
  subscribe('fastify.initialization', listen);
  try {
    // One after the other: a route belongs to the one that is being put together.
    await start(landingApi, landingEnv(path.join(folder, 'journal')));
    await start(notifier, notifierEnv(NOBODY));
    await start(leadStore);
    await start(crmSync, {
      CONTACT_HASH_SECRET,
      AMOCRM_BASE_URL: NOBODY,
      AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
    });
    await start(telegramRelay, telegramEnv);
    await start(mailerBatch, mailerEnv(NOBODY));
    await start(referrals);
    await start(identitySync);
    await start(console_, { CONSOLE_SECRET: SECRET });
  } finally {
    unsubscribe('fastify.initialization', listen);
  }
  return {
    addresses: Object.fromEntries(Object.entries(running).map(([name, { url }]) => [name, url])),
    routes,
    async close() {
      await Promise.all(Object.values(running).map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface RouteTeller {
  addHook(name: 'onRoute', hook: (route: { method: string | string[]; url: string }) => void): void;
}

/** With each address that is only there when its secret is. */
const landingEnv = (JOURNAL_DIR: string) => ({
  JOURNAL_DIR,
  // Each row comes from an address of its own: how many requests somebody may make is another test's.
  TRUST_PROXY: 'loopback',
  RATE_LIMIT_PER_MINUTE: '100000',
  FLOOD_LEADS_PER_MINUTE: '100000',
  LANDING_PAGE_URL: 'https://leadwire.kz',
  UNSUBSCRIBE_SECRET: SECRET,
  AMOCRM_WEBHOOK_SECRET: 'a-secret-of-the-amocrm-hook',
  MOBIZON_WEBHOOK_SECRET: 'a-secret-of-the-mobizon-hook',
  MAILGUN_WEBHOOK_SIGNING_KEY: 'a-key-that-mailgun-signs-with',
  RESEND_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  FACEBOOK_APP_SECRET: 'facebook-sandbox-app-secret',
  FACEBOOK_VERIFY_TOKEN: 'facebook-sandbox-verify-token',
  FACEBOOK_PAGE_TOKEN: 'facebook-sandbox-page-token',
  FACEBOOK_BASE_URL: NOBODY,
});

const telegramEnv = {
  TELEGRAM_BASE_URL: NOBODY,
  TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
  TELEGRAM_PUBLIC_URL: 'https://telegram.leadwire-sample.kz',
  TELEGRAM_WEBHOOK_SECRET: 'a-secret-of-the-telegram-hook',
};
