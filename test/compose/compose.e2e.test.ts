/** The compose file itself, from a build to a mail in the inbox. `npm run e2e:compose` runs it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

const EMAIL = 'aigerim@mail.leadwire-sample.kz';

describeWithCompose('docker compose up', () => {
  let stack: ComposeStack;
  beforeAll(async () => {
    stack = await startStack();
  }, 20 * 60_000);
  afterAll(() => stack?.remove(), 120_000);

  test('carries a lead to the inbox', async () => {
    const answer = await fetch(`${stack.apiUrl}/api/landing/proftest/spring_a`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Айгерим', email: EMAIL, phone: '8 (705) 123-45-67' }),
    });
    expect(answer.status).toBe(201);
    const sandbox = connectSandbox(stack.sandboxUrl);
    const mail = await waitFor(async () => (await sandbox.mails(EMAIL))[0], {
      timeoutMs: 120_000,
      what: 'the mail',
    });
    // The links in it lead to where this stack is reached.
    expect(JSON.stringify(mail)).toContain('http://localhost:');
  }, 180_000);

  test('has the secrets made up, each readable by its part alone', async () => {
    const shown = await stack.compose('run', '--rm', 'settings', 'show', 'ADMIN_TOKEN');
    expect(shown).toMatch(/ADMIN_TOKEN=[0-9a-f]{48}/);
    const look = ['exec', '-T', 'landing-api', 'cat', '/settings/notifier.env'];
    await expect(stack.compose(...look)).rejects.toThrow('Permission denied');
  }, 60_000);

  test('runs the CLI against it', async () => {
    expect(await stack.compose('run', '--rm', 'leadwire', 'doctor')).toContain(
      'All that is configured works.',
    );
  }, 60_000);

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
