/** The programs of docs/examples, run as their README says, against a broker, landing-api and notifier. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { keepServices } from '@leadwire/testing/kept-services';
import { startNats } from '@leadwire/testing/nats';
import { ADMIN_TOKEN, notifierEnv, PUBLIC_BASE_URL } from '@leadwire/testing/settings';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const services = keepServices();
let broker: TestBroker;
let folder = '';
let api = '';

beforeAll(async () => {
  broker = await startNats();
  folder = await mkdtemp(path.join(tmpdir(), 'leadwire-examples-'));
  const [landing] = await Promise.all([
    services.start('services/landing-api/src/main.ts', {
      NATS_URL: broker.url,
      ADMIN_TOKEN,
      PUBLIC_BASE_URL,
      UNSUBSCRIBE_SECRET: 'a-secret-for-tests-of-32-characters',
      JOURNAL_DIR: folder,
    }),
    // Nothing is due while the test runs, so no provider is needed.
    services.start('services/notifier/src/main.ts', {
      NATS_URL: broker.url,
      ...notifierEnv('http://127.0.0.1:1'),
      NOTIFY_DELAY_MS: '600000',
    }),
  ]);
  api = landing.url;
});
afterAll(async () => {
  await services.stop();
  await broker.close();
  await rm(folder, { recursive: true, force: true });
});

const execute = promisify(execFile);
async function run(program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, API_URL: api, NATS_URL: broker.url };
  const file = `docs/examples/${program}.ts`;
  return (await execute(process.execPath, [file, ...args], { cwd: root, env })).stdout;
}

test('a lead is posted once, followed through the streams, and a replay plans nothing twice', async () => {
  const key = 'an-example-key';
  const first = JSON.parse(await run('post-a-lead', key)) as { leadId: string };
  expect(first).toMatchObject({ status: 201, duplicate: false });
  expect(JSON.parse(await run('post-a-lead', key))).toEqual({
    ...first,
    status: 200,
    duplicate: true,
  });

  const { leadId } = first;
  const linesOf = async (id: string) => (await run('follow-a-lead', id)).trim().split('\n');
  await waitFor(async () => (await linesOf(leadId)).length >= 3, {
    what: 'both messages to be planned',
  });
  const way = await linesOf(leadId);
  expect(way.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'lead.created.v1',
    expect.stringMatching(/^delivery\.recorded\.v1 (email|sms) \S+ planned$/),
    expect.stringMatching(/^delivery\.recorded\.v1 (email|sms) \S+ planned$/),
  ]);

  expect(await run('replay-a-lead', leadId)).toContain('was handed to notifier-plan: message 2');
  const second = JSON.parse(await run('post-a-lead')) as { leadId: string };
  // The notifier plans in order: when the later lead has its messages, the replay has been handled.
  await waitFor(async () => (await linesOf(second.leadId)).length >= 3, {
    what: 'the later lead to be planned',
  });
  expect(await linesOf(leadId)).toEqual(way);
});

test('the README lists each program', async () => {
  const readme = await readFile(path.join(root, 'docs/examples/README.md'), 'utf8');
  for (const program of ['post-a-lead', 'follow-a-lead', 'replay-a-lead']) {
    expect(readme).toContain(`node docs/examples/${program}.ts`);
  }
});
