/** What a marketer works with: the console, campaigns, the intake that hears of opens and clicks, and a browser of hers. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { freePort } from '@leadwire/testing/nats';
import { startServiceHere } from '@leadwire/testing/service-here';
import {
  ADMIN_TOKEN,
  UNSUBSCRIBE_SECRET,
  mailerEnv,
  sandboxOptions,
} from '@leadwire/testing/settings';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { PASSWORD, addressOf, startRig } from '../../services/console/test/rig.ts';
import { app as landingApi } from '../../services/landing-api/src/app.ts';
import { app as mailerBatch } from '../../services/mailer-batch/src/app.ts';
import { launchChromium } from './chromium.ts';

export const PATIENCE_MS = 60_000;
const RESEND_WEBHOOK_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

export interface MarketersDay {
  /** Of the console. */
  url: string;
  mailerUrl: string;
  sandbox: Sandbox;
  sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Signs in as a person does, once; every page afterwards is hers. */
  comeIn(): Promise<Page>;
  /** Open until its test is over. */
  newPage(): Promise<Page>;
  /** Script errors, on any page. */
  incidents: readonly string[];
  close(): Promise<void>;
}

/** Resolves when every part answers. Close it when the tests are over. */
export async function startMarketersDay(): Promise<MarketersDay> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leadwire-marketer-'));
  const [apiPort, mailerPort] = [await freePort(), await freePort()];
  const PUBLIC_BASE_URL = `http://127.0.0.1:${apiPort}`;
  const mailerUrl = `http://127.0.0.1:${mailerPort}`;
  const own = { MAILER_BATCH_URL: mailerUrl, CAMPAIGNS_TOKEN: ADMIN_TOKEN, PUBLIC_BASE_URL };
  const [rig, sandbox, browser] = await Promise.all([
    startRig(own),
    startSandbox(sandboxOptions),
    launchChromium(),
  ]);
  const common = { NATS_URL: rig.broker.url, ADMIN_TOKEN, UNSUBSCRIBE_SECRET };
  const JOURNAL_DIR = path.join(folder, 'journal');
  const mailer = { ...rig.landing.env, ...mailerEnv(sandbox.url), PUBLIC_BASE_URL };
  const services = await Promise.all([
    startServiceHere(landingApi, {
      ...common,
      RESEND_WEBHOOK_SECRET,
      JOURNAL_DIR,
      PORT: String(apiPort),
    }),
    startServiceHere(mailerBatch, { ...common, ...mailer, PORT: String(mailerPort) }),
  ]);
  const hook = `${PUBLIC_BASE_URL}/api/webhooks/resend`;
  const webhooks = [{ url: hook, secrets: [RESEND_WEBHOOK_SECRET] }];
  await sandbox.control.resend.set({ sentAfterMs: 10, deliveredAfterMs: 20, webhooks });
  const viewport = { width: 1_440, height: 900 };
  // No scheme of its own: a frame has that of its page, as in a browser at home.
  const context = await browser.newContext({ viewport, locale: 'ru-RU', colorScheme: null });

  const incidents: string[] = [];
  const newPage = async (): Promise<Page> => {
    const page = await context.newPage();
    // One that stays asks again and again for what is new.
    onTestFinished(() => page.close());
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => incidents.push(error.message));
    return page;
  };
  return {
    url: rig.url,
    mailerUrl,
    sandbox,
    sql: (text, values = []) => rig.landing.landing.sql(text, values),
    newPage,
    async comeIn() {
      const page = await newPage();
      await page.goto(rig.url);
      await page.getByLabel('Почта').fill(addressOf('sales'));
      await page.getByLabel('Пароль').fill(PASSWORD);
      await page.getByRole('button', { name: 'Войти' }).click();
      await page.waitForURL((url) => !url.pathname.startsWith('/login'));
      await page.goto(`${rig.url}/campaigns`);
      await page.getByRole('heading', { name: 'Рассылки', exact: true }).waitFor();
      return page;
    },
    incidents,
    async close() {
      await browser.close();
      await Promise.all(services.map((service) => service.stop()));
      await Promise.all([rig.close(), sandbox.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
