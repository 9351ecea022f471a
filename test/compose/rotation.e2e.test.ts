/** docs/ROTATION.md on a running stack: every secret that is made here is made anew, and the old ones open nothing. */
import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdersOf } from '../../deploy/compose/rotation.ts';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { PROBES } from './secret-probes.ts';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

type Secrets = Record<string, string>;

describeWithCompose('settings rotate', () => {
  let stack: ComposeStack;
  let before: Secrets;
  let after: Secrets;
  /** The parts that it says have to start again. */
  let told: string[];
  beforeAll(async () => {
    stack = await startStack();
    before = await shown();
    const said = await stack.compose('run', '--rm', 'settings', 'rotate', ...Object.keys(before));
    told = /--force-recreate (.+)/.exec(said)?.[1]?.trim().split(' ') ?? [];
    await stack.compose('up', '--detach', '--wait', '--force-recreate', ...told);
    after = await shown();
  }, 30 * 60_000);
  afterAll(() => stack?.remove(), 120_000);

  const shown = async (): Promise<Secrets> => {
    const lines = (await stack.compose('run', '--rm', 'settings', 'show')).split('\n');
    const pairs = lines.map((line) => /^([A-Z0-9_]+)=(.+?)\r?$/.exec(line)?.slice(1) ?? []);
    return Object.fromEntries(pairs.filter(([name]) => name)) as Secrets;
  };
  const inside = (...args: string[]) =>
    stack.compose('run', '--rm', '--no-deps', '--entrypoint', ...args);

  test('makes each anew, and names every part that holds one', async () => {
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    const kept = Object.keys(before).filter((name) => before[name] === after[name]);
    expect(kept).toEqual([]);
    const holders = await Promise.all(Object.keys(before).map((name) => holdersOf(name)));
    const parts = [...new Set(holders.flat())].filter((part) => part !== 'cli');
    expect([...told].sort()).toEqual(parts.sort());
  });

  test('leaves the old ones nowhere', async () => {
    const files = await inside('sh', 'settings', '-c', 'cat /settings/*');
    expect(Object.keys(before).filter((name) => files.includes(before[name]!))).toEqual([]);
    expect(Object.keys(after).filter((name) => !files.includes(after[name]!))).toEqual([]);
  }, 120_000);

  describe('whoever comes with a secret', () => {
    let answers: Record<string, { old: boolean; new: boolean }>;
    beforeAll(async () => {
      const said = await inside(
        'node',
        'leadwire',
        '--input-type=module',
        '-e',
        PROBES,
        JSON.stringify({ before, after }),
      );
      answers = JSON.parse(said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1)) as never;
    }, 180_000);

    test('is let in with the new one, and refused with the old one', () => {
      const wrong = Object.entries(answers).filter(([, answer]) => answer.old || !answer.new);
      expect(Object.keys(answers).length).toBeGreaterThan(18);
      expect(wrong).toEqual([]);
    });
  });

  test('the broker takes each user with the new password alone', async () => {
    const servers = `127.0.0.1:${stack.env['NATS_PORT'] ?? ''}`;
    const users = Object.keys(before).flatMap((name) => {
      const [, user] = /^NATS_(\w+)_PASSWORD$/.exec(name) ?? [];
      return user && user !== 'CLUSTER'
        ? [{ name, user: user.toLowerCase().replaceAll('_', '-') }]
        : [];
    });
    const enters = (user: string, pass: string) =>
      connect({ servers, user, pass, reconnect: false }).then(
        async (connection) => (await connection.close(), true),
        () => false,
      );
    const results = await Promise.all(
      users.map(async ({ name, user }) => [
        user,
        await enters(user, before[name]!),
        await enters(user, after[name]!),
      ]),
    );
    expect(users.length).toBeGreaterThan(8);
    expect(results).toEqual(users.map(({ user }) => [user, false, true]));
  }, 120_000);

  test('and a lead goes its way', async () => {
    const email = 'rotated@mail.leadwire-sample.kz';
    const answer = await fetch(`${stack.apiUrl}/api/landing/proftest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Дана', email, phone: '+77000000391' }),
    });
    expect(answer.status).toBe(201);
    const sandbox = connectSandbox(stack.sandboxUrl);
    const wait = { timeoutMs: 300_000 };
    await waitFor(async () => (await sandbox.mails(email))[0], { ...wait, what: 'the mail' });
    await waitFor(async () => (await sandbox.sms('77000000391'))[0], { ...wait, what: 'the SMS' });
    expect(await stack.compose('run', '--rm', 'leadwire', 'doctor')).toContain(
      'All that is configured works.',
    );
  }, 700_000);
});
