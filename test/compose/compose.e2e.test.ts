/** The compose file itself, from a build to a mail in the inbox. `npm run e2e:compose` runs it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

const root = path.resolve(import.meta.dirname, '../..');
const EMAIL = 'aigerim@mail.leadwire-sample.kz';

describeWithCompose('docker compose up', () => {
  let stack: ComposeStack;
  beforeAll(async () => {
    stack = await startStack({
      env: { NOTIFIER_REPLICAS: '2' },
      settings: { LOG_LEVLE: 'info of nobody' },
    });
  }, 20 * 60_000);
  afterAll(() => stack?.remove(), 120_000);

  test('carries a lead to its mail, its SMS, the CRM, the managers’ group and the database', async () => {
    const sandbox = connectSandbox(stack.sandboxUrl);
    const chatId = await activeGroup(stack, sandbox);
    const leadId = await postLead(stack, { email: EMAIL, phone: '8 (705) 123-45-67' });
    const wait = { timeoutMs: 300_000 };
    const mail = await waitFor(async () => (await sandbox.mails(EMAIL))[0], {
      ...wait,
      what: 'the mail',
    });
    // The links in it lead to where this stack is reached.
    expect(JSON.stringify(mail)).toContain('http://localhost:');
    await waitFor(async () => (await sandbox.sms('77051234567'))[0], { ...wait, what: 'the SMS' });
    await waitFor(async () => (await sandbox.crm('lead-created'))[0], {
      ...wait,
      what: 'the deal',
    });
    await shows(sandbox, chatId, `#${leadId.slice(-8)}`);
    const done = { email_status: 'sent', sms_status: 'sent', amocrm_synced: true };
    await waitFor(
      async () => {
        const row = await rowOf(stack, leadId);
        return Object.entries(done).every(([name, value]) => row?.[name] === value);
      },
      { ...wait, what: 'the row to know all of it' },
    );
  }, 900_000);

  test('has the secrets made up, each readable by its part alone', async () => {
    const shown = await stack.compose('run', '--rm', 'settings', 'show', 'ADMIN_TOKEN');
    expect(shown).toMatch(/ADMIN_TOKEN=[0-9a-f]{48}/);
    const look = ['exec', '-T', 'landing-api', 'cat', '/settings/notifier.env'];
    await expect(stack.compose(...look)).rejects.toThrow('Permission denied');
  }, 60_000);

  test('tells a setting that nothing reads, without its value, and starts all the same', async () => {
    const said = await stack.compose('logs', '--no-color', 'settings');
    expect(said).toContain('LOG_LEVLE is no setting of Leadwire; did you mean LOG_LEVEL?');
    expect(said).not.toContain('of nobody');
  }, 60_000);

  test('runs the CLI against it', async () => {
    expect(await stack.compose('run', '--rm', 'leadwire', 'doctor')).toContain(
      'All that is configured works.',
    );
  }, 60_000);

  test('reads and writes files of the folder in which the CLI is called', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'leadwire-here-'));
    try {
      await writeFile(
        path.join(folder, 'spend.csv'),
        'day;source;amount\n2026-01-05;instagram;1000\n',
      );
      const here = { cwd: root, env: { ...stack.env, PWD: folder } };
      const leadwire = ['compose', 'run', '--rm', '-T', 'leadwire'];
      const run = promisify(execFile);
      await run('docker', [...leadwire, 'spend', 'import', 'spend.csv'], here);
      await run('docker', [...leadwire, 'report', '--csv', 'report.csv'], here);
      expect((await readFile(path.join(folder, 'report.csv'), 'utf8')).length).toBeGreaterThan(20);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 120_000);

  test('is upgraded while every provider is down: the lead that comes meanwhile is sent afterwards', async () => {
    const sandbox = connectSandbox(stack.sandboxUrl);
    const providers = ['resend', 'mailgun', 'mobizon', 'amocrm', 'telegram'] as const;
    for (const provider of providers) {
      await sandbox.addFault({ provider, action: { do: 'fixed', status: 503, body: 'down' } });
    }
    const email = 'timur@mail.leadwire-sample.kz';
    await postLead(stack, { email });
    const services = ['notifier', 'crm-sync', 'telegram-relay', 'mailer-batch', 'landing-api'];
    await stack.compose('up', '--detach', '--wait', '--force-recreate', ...services);
    const notifiers = await stack.compose('ps', '--quiet', 'notifier');
    expect(notifiers.trim().split('\n')).toHaveLength(2);
    expect(await sandbox.mails(email)).toEqual([]);
    await sandbox.clearFaults();
    await waitFor(async () => (await sandbox.mails(email))[0], {
      timeoutMs: 300_000,
      what: 'the mail after all',
    });
  }, 900_000);

  test('stops every part in good order', async () => {
    await stack.compose('stop');
    const ended = await stack.compose('ps', '--all', '--format', '{{.Service}} {{.ExitCode}}');
    const services = ended.trim().split('\n').sort();
    expect(services).toContain('landing-api 0');
    expect(services.filter((line) => !line.endsWith(' 0') && !line.startsWith('nats '))).toEqual(
      [],
    );
  }, 120_000);
});

type Sandbox = ReturnType<typeof connectSandbox>;

async function postLead(stack: ComposeStack, contacts: object): Promise<string> {
  const answer = await fetch(`${stack.apiUrl}/api/landing/proftest/spring_a`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Айгерим', ...contacts }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { leadId: string }).leadId;
}

/** A group of managers that switched itself on with a code of the CLI; returns its chat. */
async function activeGroup(stack: ComposeStack, { telegram }: Sandbox): Promise<string> {
  const { id: chatId } = await telegram.addGroup({ title: 'Менеджеры', bots: ['leads'] });
  const said = await stack.compose('run', '--rm', 'leadwire', 'telegram', 'code');
  await telegram.say(chatId, /\/activate \S+/.exec(said)?.[0] ?? said);
  await shows({ telegram }, chatId, 'подключена');
  return chatId;
}

/** Resolves when a bot has shown it in the chat. */
async function shows({ telegram }: Pick<Sandbox, 'telegram'>, chatId: string, part: string) {
  await waitFor(
    async () => (await telegram.shown(chatId)).some(({ text }) => text.includes(part)),
    { timeoutMs: 300_000, what: `"${part}" in the group` },
  );
}

const READ_ROW = `const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: apikey } = process.env;
  fetch(url + '/rest/v1/landing_leads?id=eq.' + process.argv[1], { headers: { apikey, authorization: 'Bearer ' + apikey } })
    .then((answer) => answer.text()).then(console.log)`;

/** The lead in the database, read as lead-store reads it. */
async function rowOf(
  stack: ComposeStack,
  leadId: string,
): Promise<Record<string, unknown> | undefined> {
  const inside = ['exec', '-T', 'lead-store', 'node', '--env-file=/settings/lead-store.env'];
  const said = await stack.compose(...inside, '-e', READ_ROW, leadId);
  return (JSON.parse(said) as Record<string, unknown>[])[0];
}
