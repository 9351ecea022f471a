/**
 * The whole way of a lead as it runs in production: landing-api, notifier, crm-sync, telegram-relay and lead-store between a
 * real broker, both databases and the sandbox's providers; one rig for a test file. Nothing is killed here, so the services
 * run in the test's process.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { app as crmSyncApp } from '@leadwire/crm-sync/app';
import { app as landingApiApp } from '@leadwire/landing-api/app';
import { app as leadStoreApp } from '@leadwire/lead-store/app';
import { app as notifierApp } from '@leadwire/notifier/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { sendersPage } from '@leadwire/sandbox/senders/senders-page';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import type { App, AppEnv } from '@leadwire/shared/service/app';
import { app as telegramRelayApp } from '@leadwire/telegram-relay/app';
import { openTestBus } from '@leadwire/testing/bus';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import {
  ADMIN_TOKEN,
  CONTACT_HASH_SECRET,
  notifierEnv,
  RATE_PER_SECOND,
  sandboxOptions,
} from '@leadwire/testing/settings';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';

/** A lead's whole way while other tests have the machine's cores. */
const PATIENCE_MS = 90_000;
/** Two databases on two cores have other work than answering us. */
export const POLL_MS = 300;
const DONE =
  'select id from landing_leads where id = any($1) and email_sent and sms_sent and amocrm_synced and amocrm_deal_id is not null';
/** The sandbox's own stages. */
const STAGES = { first: '83201002', kaspi: '83201101' };

/** What became of a lead in one place that people look at. */
export interface LeadRow {
  id: string;
  name: string;
  phone: string;
  email: string;
  utm_source: string | null;
  utm_campaign: string | null;
  email_sent: boolean;
  sms_sent: boolean;
  amocrm_synced: boolean;
  amocrm_deal_id: number | null;
  quarantined: boolean;
}

const startService = <Env extends AppEnv>(
  app: App<Env>,
  env: Record<string, string>,
): Promise<ServiceHere> => startServiceHere(app, { ADMIN_TOKEN, ...env });

/** Starts before the file's tests and ends after them. `env` is landing-api's, over what it gets anyway. */
export function useWholeStack(env: Record<string, string>) {
  let broker: TestBroker;
  let supabase: TestSupabase;
  let sandbox: Sandbox;
  let bus: Bus;
  let services: ServiceHere[] = [];
  let api = '';
  let chatId = '';
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'leadwire-stack-'));
    const port = await freePort();
    api = `http://127.0.0.1:${port}`;
    const wide = { ratePerSecond: 500, accountRatePerSecond: 500, indexLagMs: 0 };
    [broker, supabase, sandbox] = await Promise.all([
      startNats(),
      startSupabase(),
      startSandbox({
        ...sandboxOptions,
        amocrm: wide,
        telegram: { ratePerSecond: 200, chatRatePerSecond: 100, groupRatePerMinute: 6_000 },
        facebook: { webhookUrl: `${api}/api/webhooks/facebook` },
        pages: [sendersPage({ apiUrl: api })],
      }),
    ]);
    bus = await openTestBus(broker, 'test');
    const common = { NATS_URL: broker.url };
    const projects = { ...common, ...supabase.env };
    services = await Promise.all([
      startService(landingApiApp, {
        ...common,
        PORT: String(port),
        JOURNAL_DIR: path.join(folder, 'journal'),
        RATE_LIMIT_PER_MINUTE: '100000',
        TRUST_PROXY: 'loopback',
        FACEBOOK_APP_SECRET: 'facebook-sandbox-app-secret',
        FACEBOOK_VERIFY_TOKEN: 'facebook-sandbox-verify-token',
        FACEBOOK_PAGE_TOKEN: 'facebook-sandbox-page-token',
        FACEBOOK_BASE_URL: sandbox.facebookUrl,
        ...env,
      }),
      startService(leadStoreApp, projects),
      startService(notifierApp, { ...common, ...notifierEnv(sandbox.url) }),
      startService(crmSyncApp, {
        ...common,
        CONTACT_HASH_SECRET,
        AMOCRM_BASE_URL: sandbox.amocrmUrl,
        AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
        AMOCRM_STAGE_DEFAULT: STAGES.first,
        AMOCRM_STAGE_KASPI: STAGES.kaspi,
        AMOCRM_RATE_PER_SECOND: String(RATE_PER_SECOND),
        AMOCRM_SEARCH_LAG_MS: '2000',
      }),
      startService(telegramRelayApp, {
        ...projects,
        TELEGRAM_BASE_URL: sandbox.telegramUrl,
        TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
        TELEGRAM_GROUP_RATE_PER_MINUTE: '1200',
      }),
    ]);
    await activateGroup();
  }, 300_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await bus.drain();
    await Promise.all([broker.close(), supabase.close(), sandbox.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** As its administrator does it: the bot comes, the code is sent. */
  async function activateGroup(): Promise<void> {
    const { telegram } = sandbox.control;
    chatId = (await telegram.addGroup({ title: 'Отдел продаж', bots: ['leads'] })).id;
    const { code } = await createTelegramCodes(bus).make({ kind: 'group', bot: 'leads' });
    await telegram.say(chatId, `/activate ${code}`);
    await waitFor(async () => (await telegram.shown(chatId)).length > 1, {
      timeoutMs: PATIENCE_MS,
      what: 'the group to be activated',
    });
  }

  const rowsOf = (leadIds: readonly string[]) =>
    supabase.landing.sql<LeadRow & Record<string, unknown>>(
      'select * from landing_leads where id = any($1)',
      [leadIds],
    );

  return {
    api: () => api,
    bus: () => bus,
    sandbox: () => sandbox,
    supabase: () => supabase,
    rowsOf,
    deliveriesOf: (leadId: string): Promise<LedgerEntry[]> => createLedger(bus).ofLead(leadId),
    /** How often the lead is shown in the group. */
    timesShown: async (leadId: string): Promise<number> => {
      const shown = await sandbox.control.telegram.shown(chatId);
      const number = `#${leadId.slice(-8)}`;
      return shown.reduce((sum, { text }) => sum + text.split(number).length - 1, 0);
    },
    /** Resolves with their rows when the messages, deal and notice of each are done and the rows say so. */
    async allDone(leadIds: readonly string[]): Promise<LeadRow[]> {
      const patience = { timeoutMs: PATIENCE_MS, pollMs: POLL_MS };
      const unfinished = async (): Promise<string[]> => {
        const rows = await supabase.landing.sql<{ id: string }>(DONE, [leadIds]);
        const known = new Set(rows.map(({ id }) => id));
        return leadIds.filter((id) => !known.has(id));
      };
      let open: string[] = [];
      const ledger = createLedger(bus);
      await waitFor(async () => (open = await unfinished()).length === 0, patience).catch(
        async () => {
          const rows = await rowsOf(open);
          const deliveries = await Promise.all(open.map((leadId) => ledger.ofLead(leadId)));
          throw new Error(`not done: ${JSON.stringify({ rows, deliveries }, null, 1)}`);
        },
      );
      for (const leadId of leadIds) {
        const isDone = (all: LedgerEntry[]) =>
          all.length === 3 && all.every(({ state }) => state === 'sent');
        await waitFor(async () => isDone(await ledger.ofLead(leadId)), {
          ...patience,
          what: `both messages and the notice of ${leadId} to be sent`,
        });
      }
      return rowsOf(leadIds);
    },
    post: (address: string, body: object, headers: Record<string, string> = {}) =>
      fetch(api + address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    /** A person nobody has seen before. */
    somebody: (n: number) => ({
      name: 'Айсулу',
      phone: `+7700000${String(n).padStart(4, '0')}`,
      email: `aisulu.${newId().slice(-8)}@mail.leadwire-sample.kz`,
    }),
  };
}
