/** `leadwire sequence` in front of a mailer-batch with a broker, a database and the sandbox behind it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { ADMIN_TOKEN, mailerEnv, sandboxOptions } from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { runCli, type CliRun } from './run-cli.ts';

let broker: TestBroker;
let supabase: TestLanding;
let sandbox: Sandbox;
let mailer: ServiceProcess;

beforeAll(async () => {
  [broker, supabase, sandbox] = await Promise.all([
    startNats(),
    startLanding(),
    startSandbox(sandboxOptions),
  ]);
  mailer = await startServiceProcess({
    entry: 'services/mailer-batch/src/main.ts',
    env: { NATS_URL: broker.url, ...supabase.env, ...mailerEnv(sandbox.url) },
  });
}, 300_000);
afterAll(async () => {
  await mailer?.stop();
  await Promise.all([broker?.close(), supabase?.close(), sandbox?.close()]);
});

const sequence = (...args: string[]): Promise<CliRun> =>
  runCli({ MAILER_BATCH_URL: mailer.url, ADMIN_TOKEN }, 'sequence', ...args);

test('is made, shown, switched on and off, and lets a person go, in words and as JSON', async () => {
  const words = {
    subject: 'Остался шаг',
    preheader: '',
    blocks: [{ type: 'text', text: 'Ждём.' }],
  };
  await fetch(`${mailer.url}/api/texts/pay-first`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ base: 0, content: { mail: words, sms: null } }),
  });
  const made = ['create', 'Не оплатили', '--trigger', 'payment_form', '--step'];
  const bad = await sequence(...made, 'soon:email:pay-first');
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('"soon:email:pay-first"')]);
  const saved = await sequence(...made, '1h:email:pay-first', '1d:email:pay-first', '--json');
  expect(JSON.parse(saved.out)).toMatchObject({ isOn: false, steps: [{ after: '1h' }, { after: '1d' }] }); // prettier-ignore
  expect((await sequence('on', 'не оплатили', '--yes')).out).toContain('is on');
  expect((await sequence('list')).out).toMatch(/Не оплатили\s+on\s+payment_form/);
  expect((await sequence('show', 'Не оплатили')).out).toMatch(/1h\s+email\s+pay-first/);
  const stopped = await sequence('stop', '+7 700 000 01 01', '--json');
  expect(JSON.parse(stopped.out)).toEqual({ stopped: 0 });
  const off = await sequence('off', 'Не оплатили', '--yes', '--json');
  expect(JSON.parse(off.out)).toMatchObject({ isOn: false });
  const gone = await sequence('delete', 'Не оплатили', '--yes', '--json');
  expect(JSON.parse(gone.out)).toMatchObject({ kept: false });
  expect((await sequence('list')).out).toContain('There is no sequence yet');
  expect((await sequence('show', 'nobody')).err).toContain('There is no sequence "nobody"');
});
