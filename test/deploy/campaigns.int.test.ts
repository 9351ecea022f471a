/** A campaign through the services as they are deployed: each with its own user of the broker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { app as landingApi } from '@leadwire/landing-api/app';
import { app as mailerBatch } from '@leadwire/mailer-batch/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { openBus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import type { App, AppEnv } from '@leadwire/shared/service/app';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import {
  ADMIN_TOKEN,
  UNSUBSCRIBE_SECRET,
  mailerEnv,
  sandboxOptions,
} from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { startConfiguredBroker, type ConfiguredBroker, type User } from './configured-broker.ts';

let broker: ConfiguredBroker;
let sandbox: Sandbox;
let supabase: TestLanding;
let journal: string;
let services: ServiceHere[] = [];

beforeAll(async () => {
  journal = await mkdtemp(path.join(tmpdir(), 'leadwire-journal-'));
  [broker, sandbox, supabase] = await Promise.all([
    startConfiguredBroker(),
    startSandbox(sandboxOptions),
    startLanding(),
  ]);
  // What `leadwire topology apply` does.
  const admin = openBus({
    url: broker.urlOf('admin'),
    name: 'admin',
    log: createLog('admin', 'silent'),
  });
  await admin.ready;
  await admin.drain();
}, 300_000);
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all([broker.close(), sandbox.close(), supabase.close()]);
  await rm(journal, { recursive: true, force: true });
});

/** Each is named as its user is. */
async function start<Env extends AppEnv>(
  app: App<Env>,
  env: Record<string, string>,
): Promise<ServiceHere> {
  const started = await startServiceHere(app, {
    NATS_URL: broker.urlOf(app.name as User),
    ADMIN_TOKEN,
    UNSUBSCRIBE_SECRET,
    ...env,
  });
  services.push(started);
  return started;
}

test('a campaign goes from the API to the inbox, and the word of who wants no more comes back', async () => {
  const [api, mailer] = await Promise.all([
    start(landingApi, { JOURNAL_DIR: journal }),
    start(mailerBatch, { ...supabase.env, ...mailerEnv(sandbox.url) }),
  ]);
  const ask = async (place: string, body: object): Promise<unknown> => {
    const response = await fetch(`${mailer.url}/api/campaigns${place}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    });
    return response.json();
  };
  const dot = Buffer.from('R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
  const sent = {
    method: 'POST',
    body: dot,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'image/gif' },
  };
  const kept = (await (await fetch(`${mailer.url}/api/pictures`, sent)).json()) as { url: string };
  const picture = await fetch(`${api.url}${new URL(kept.url).pathname}`);
  expect(picture.headers.get('content-type')).toBe('image/gif');

  const email = 'saule@mail.leadwire-sample.kz';
  const created = await ask('', {
    name: 'Эфир перенесён',
    channel: 'email',
    template: 'stream-moved',
    variables: {
      stream: 'Как выбрать профессию',
      reason: 'Заболел эксперт.',
      steps: ['Придите.'],
      newDate: '2100-01-01T19:00:00+05:00',
      link: 'https://leadwire.kz/live',
    },
    audience: { kind: 'list', recipients: [{ email, name: 'Сауле' }] },
  });
  expect(created).toMatchObject({ preview: { audience: 1 } });
  const { campaign } = created as { campaign: { id: string } };
  expect(await ask(`/${campaign.id}/start`, { confirm: 1 })).toMatchObject({ success: true });

  const mail = await waitFor(async () => (await sandbox.control.mails(email))[0], {
    timeoutMs: 30_000,
    what: 'the mail',
  });
  const [, token = ''] = /\/u\/([\w-]+)/.exec(mail.headers['List-Unsubscribe'] ?? '') ?? [];
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
  expect((await fetch(`${api.url}/u/${token}`, { method: 'POST', body })).ok).toBe(true);
  const suppressed = 'select reason from suppressions where contact = $1';
  const row = await waitFor(async () => (await supabase.landing.sql(suppressed, [email]))[0], {
    timeoutMs: 30_000,
    what: 'the suppression',
  });
  expect(row).toEqual({ reason: 'unsubscribed' });

  await Promise.all(services.map((service) => service.stop()));
  services = [];
  expect(broker.log().match(/.*Violation.*/g)).toBeNull();
}, 240_000);
