import { describe, expect, test } from 'vitest';
import { startFakeNats } from '@leadwire/testing/fake-nats';
import { freePort, startNats } from '@leadwire/testing/nats';
import { runCli, spawnCli } from './run-cli.ts';

describe('the command line', () => {
  test('explains itself, without colours in a pipe', async () => {
    const { code, out } = await spawnCli({}, '--help');
    expect(code).toBe(0);
    for (const word of ['Usage: leadwire', 'leads', 'dead', 'topology', 'Exit codes']) {
      expect(out).toContain(word);
    }
    expect(out).not.toContain('\u001b[');
  });

  test.each([
    [['destroy'], "unknown command 'destroy'"],
    [['dead', 'list', '--colour'], "unknown option '--colour'"],
    [['dead', 'list', '--since', 'yesterday'], 'expected a time such as 2h'],
    [['dead', 'show', 'first'], 'expected the number of a dead letter'],
    [['leads', 'show', 'anna'], "is no lead's id"],
    [['leads', 'release'], 'Which leads?'],
    [['leads', 'release', '--reason', 'spam'], 'Allowed choices are flood, challenge, honeypot'],
    [['leads', 'cancel', '--source', 'proftest'], 'Since when?'],
  ])('refuses %j with a reason and exit code 2', async (args, reason) => {
    const { code, err } = await runCli({}, ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) });
  });

  test('says its version, and what it would not find because of a typing error', async () => {
    expect((await runCli({}, '--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { code, err } = await runCli({}, 'dead', 'list', '--service', 'notifyer');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/There are: notifier-plan, /),
    });
  });

  test('names a variable that it cannot use', async () => {
    const { code, err } = await runCli({ LANDING_SUPABASE_URL: 'landing' }, 'dead', 'list');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('LANDING_SUPABASE_URL'),
    });
  });
});

describe('a broker', () => {
  test('that is not there is said soon, without the password', async () => {
    const url = `nats://admin:s3cret@127.0.0.1:${await freePort()}`;
    const startedAt = Date.now();
    const { code, err } = await runCli({ NATS_URL: url }, 'dead', 'list');
    expect(code).toBe(1);
    expect(err).toMatch(/The broker at nats:\/\/127\.0\.0\.1:\d+ does not answer/);
    expect(err).not.toContain('s3cret');
    expect(Date.now() - startedAt).toBeLessThan(20_000);
  });

  test('that refuses the user says so', async () => {
    const fake = await startFakeNats({ refusal: 'Authorization Violation' });
    const { code, err } = await runCli({ NATS_URL: fake.url }, 'dead', 'list');
    await fake.close();
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('refuses this user') });
  });

  test('that is empty is left alone until the topology is applied to it', async () => {
    const broker = await startNats();
    const LANDING_API_URL = `http://127.0.0.1:${await freePort()}`;
    const env = { NATS_URL: broker.url, LANDING_API_URL };
    try {
      const before = await runCli(env, 'dead', 'list');
      expect(before).toMatchObject({
        code: 1,
        err: expect.stringContaining('leadwire topology apply'),
      });
      expect((await runCli(env, 'topology', 'apply')).out).toContain('The broker has all');
      expect((await runCli(env, 'dead', 'list')).out).toContain('No dead letters');
      const found = await runCli(env, 'health');
      expect(found.code).toBe(1);
      expect(found.out).toMatch(/✗ Сервис landing-api: не отвечает\n {2}Формы не принимают заявки/);
      expect(found.out).toMatch(/✓ Очередь заявок \(NATS\): работает/);
      expect(await runCli(env, 'leads', 'show', '0199f3a2')).toMatchObject({
        code: 1,
        err: 'There is no lead 0199f3a2.\n',
      });
    } finally {
      await broker.close();
    }
  });
});
