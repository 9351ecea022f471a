/** deploy/nats.conf with real services behind it, each with its own user. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app as crmSync } from '@leadwire/crm-sync/app';
import { app as landingApi } from '@leadwire/landing-api/app';
import { app as leadStore } from '@leadwire/lead-store/app';
import { app as notifier } from '@leadwire/notifier/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import type { App, AppEnv } from '@leadwire/shared/service/app';
import { app as telegramRelay } from '@leadwire/telegram-relay/app';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { startServiceProcess } from '@leadwire/testing/service-process';
import {
  ADMIN_TOKEN,
  CONTACT_HASH_SECRET,
  notifierEnv,
  sandboxOptions,
} from '@leadwire/testing/settings';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { runCli } from '../../packages/cli/test/run-cli.ts';
import { app as identitySync } from '../../services/identity-sync/src/app.ts';
import { startConfiguredBroker, type ConfiguredBroker, type User } from './configured-broker.ts';

let broker: ConfiguredBroker;
let sandbox: Sandbox;
let supabase: TestSupabase;
const services: ServiceHere[] = [];

const urlOf = (user: User) => broker.urlOf(user);

beforeAll(async () => {
  broker = await startConfiguredBroker();
  [sandbox, supabase] = await Promise.all([startSandbox(sandboxOptions), startSupabase()]);
}, 180_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all([sandbox.close(), supabase.close()]);
  await broker.close();
});

/** Each is named as its user is. */
async function start<Env extends AppEnv>(
  app: App<Env>,
  env: Record<string, string>,
): Promise<ServiceHere> {
  const started = await startServiceHere(app, { NATS_URL: urlOf(app.name as User), ...env });
  services.push(started);
  return started;
}

const crmEnv = () => ({
  CONTACT_HASH_SECRET,
  AMOCRM_BASE_URL: sandbox.amocrmUrl,
  AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
});
const telegramEnv = () => ({
  TELEGRAM_BASE_URL: sandbox.telegramUrl,
  TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
  TELEGRAM_ADMIN_BOT_TOKEN: sandboxTokens.admin,
  TELEGRAM_MENTOR_BOT_TOKEN: sandboxTokens.mentor,
  AMOCRM_BASE_URL: sandbox.amocrmUrl,
  ...supabase.env,
});
const landingEnv = () => ({ ADMIN_TOKEN, JOURNAL_DIR: path.join(broker.folder, 'journal') });
/** The CLI as the given user: all that it says. */
async function cli(user: User, ...args: string[]): Promise<string> {
  const { out, err } = await runCli({ NATS_URL: urlOf(user) }, ...args);
  return out + err;
}

describe('the services, each with its own user', () => {
  test('do not create anything themselves: they say who has to', async () => {
    const env = { NATS_URL: urlOf('notifier'), ...notifierEnv(sandbox.url) };
    await expect(
      startServiceProcess({ entry: 'services/notifier/src/main.ts', env }),
    ).rejects.toThrow('leadwire topology apply');
    expect(await cli('notifier', 'topology', 'apply')).toContain('this user may not change it');
    expect(await cli('admin', 'topology', 'apply')).toContain('The broker has all');
  }, 180_000);

  test('carry leads from the form to the inbox and the database, and a dead letter to its list', async () => {
    const [api] = await Promise.all([
      start(landingApi, landingEnv()),
      start(notifier, notifierEnv(sandbox.url)),
      start(leadStore, supabase.env),
      start(crmSync, crmEnv()),
      start(telegramRelay, telegramEnv()),
      start(identitySync, supabase.env),
    ]);
    const [chatId, admins] = await Promise.all([activeGroup('leads'), activeGroup('admin')]);
    const email = 'dana@mail.leadwire-sample.kz';
    const leadId = await postLead(api, { email, phone: '+77051234567' });
    const status = await waitFor(
      async () => {
        const all = await readStatus(api, leadId);
        return all.every((each) => each === 'sent') ? all : undefined;
      },
      { timeoutMs: 20_000, what: 'both messages to be sent' },
    );
    expect(status).toEqual(['sent', 'sent']);
    expect(await sandbox.control.mails(email)).toHaveLength(1);
    await waitFor(async () => (await emailStatusInDatabase(leadId)) === 'sent', {
      what: 'the row',
    });
    const ofLead = 'select amocrm_synced, amocrm_error from landing_leads where id = $1';
    await waitFor(
      async () => (await supabase.landing.sql(ofLead, [leadId]))[0]?.['amocrm_synced'],
      { timeoutMs: 20_000, what: 'the deal in the row' },
    );

    await shows(chatId, `#${leadId.slice(-8)}`);
    await sandbox.control.telegram.say(chatId, '/today');
    await shows(chatId, 'Сегодня');
    await sandbox.control.telegram.kick(chatId, 'leads');
    const ofGroup = 'select state from telegram_groups where chat_id = $1';
    await waitFor(
      async () => (await supabase.landing.sql(ofGroup, [chatId]))[0]?.['state'] === 'deactivated',
      { timeoutMs: 20_000, what: 'the row of the group' },
    );

    const [sms] = await sandbox.control.sms('77051234567');
    const code = /\/s\/(\w+)/.exec(sms!.text)![1]!;
    expect((await fetch(`${api.url}/s/${code}`, { redirect: 'manual' })).status).toBe(302);

    await sandbox.control.addFault({
      provider: 'resend',
      path: '/emails',
      action: {
        do: 'fixed',
        status: 422,
        headers: { 'content-type': 'application/json' },
        body: '{"statusCode":422,"name":"validation_error","message":"no"}',
      },
    });
    const refused = await postLead(api, { email: 'timur@mail.leadwire-sample.kz' });
    await waitFor(async () => (await cli('admin', 'dead', 'list')).includes(refused), {
      what: 'the dead letter',
    });
    await waitFor(async () => (await emailStatusInDatabase(refused)) === 'failed', {
      what: 'the row of the failure',
    });

    await shows(admins, 'Группа в Telegram');
    await shows(admins, 'Не удалось обработать: письма (Resend)');

    await Promise.all(services.splice(0).map((service) => service.stop()));
    // Whatever a service was refused is in the broker's log, also where it did not hurt.
    const violations = broker
      .log()
      .split('\n')
      .filter((line) => /Violation/.test(line));
    expect(violations.filter((line) => !/STREAM\.CREATE|CONSUMER\.CREATE/.test(line))).toEqual([]);
  }, 240_000);
});

/** A group that switches itself on, with a code from the CLI; returns its chat. */
async function activeGroup(bot: 'leads' | 'admin'): Promise<string> {
  const { telegram } = sandbox.control;
  const { id: chatId } = await telegram.addGroup({ title: `Группа ${bot}`, bots: [bot] });
  const said = await cli('admin', 'telegram', 'code', '--bot', bot);
  await telegram.say(chatId, /\/activate \S+/.exec(said)?.[0] ?? said);
  await shows(chatId, 'подключена');
  return chatId;
}

/** Resolves when a bot has shown it in the chat. */
async function shows(chatId: string, part: string): Promise<void> {
  await waitFor(
    async () =>
      (await sandbox.control.telegram.shown(chatId)).some(({ text }) => text.includes(part)),
    { timeoutMs: 30_000, what: `"${part}" in ${chatId}` },
  );
}

async function postLead(api: ServiceHere, contacts: object): Promise<string> {
  const response = await fetch(`${api.url}/api/landing/proftest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Дана', submissionId: crypto.randomUUID(), ...contacts }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { leadId: string }).leadId;
}

async function readStatus(api: ServiceHere, leadId: string): Promise<string[]> {
  const response = await fetch(`${api.url}/api/landing/leads/${leadId}/status`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const { channels } = (await response.json()) as { channels: Record<string, { status: string }> };
  return Object.values(channels).map((channel) => channel.status);
}

async function emailStatusInDatabase(leadId: string): Promise<unknown> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: key } = supabase.env;
  const response = await fetch(`${url}/rest/v1/landing_leads?id=eq.${leadId}`, {
    headers: { apikey: key, authorization: `Bearer ${key}` },
  });
  const [row] = (await response.json()) as { email_status?: unknown }[];
  return row?.email_status;
}
