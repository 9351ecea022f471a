import { describe, expect, test } from 'vitest';
import { startFakeNats } from '@leadwire/testing/fake-nats';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { Command } from 'commander';
import { buildProgram } from '@leadwire/cli/program';
import { inSentence } from '@leadwire/cli/failure';
import { runCli, spawnCli } from './run-cli.ts';

/** Every command that does something, with its words. */
function commandsOf(
  command: Command,
  words: string[] = [],
): { command: Command; words: string[] }[] {
  if (command.commands.length === 0) return [{ command, words }];
  return command.commands.flatMap((each) => commandsOf(each, [...words, each.name()]));
}
const every = commandsOf(buildProgram(() => ({}) as never));

/** A line that commander takes: something in the place of each argument and option that must be there. */
function lineOf({ command, words }: (typeof every)[number]): string[] {
  const something = (isNumber: boolean) =>
    isNumber ? '1' : '01997f3a-2b1c-7000-8000-00000000abcd';
  const needed = command.registeredArguments.filter(({ required }) => required);
  const options = command.options.filter(({ mandatory }) => mandatory);
  return [
    ...words,
    ...needed.map(({ parseArg }) => something(parseArg !== undefined)),
    ...options.flatMap(({ long, argChoices }) => [long ?? '', argChoices?.[0] ?? 'x']),
  ];
}

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
      await eachAnswersInJson(env);
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

/** Without settings and without --yes: many refuse, none may write anything else where a program reads. */
async function eachAnswersInJson(env: Record<string, string>): Promise<void> {
  // These read standard input, which a test does not have.
  const reading = ['backup seal', 'backup open', 'backup prune', 'forms test', 'texts write'];
  const asked = every.filter(({ words }) => !reading.includes(words.join(' ')));
  const wrong: string[] = [];
  let answered = 0;
  const runs = asked.map(async (each) => {
    const { code, out, err } = await runCli(env, ...lineOf(each), '--json');
    if (out === '' && (code === 0 || err === ''))
      wrong.push(`${each.words.join(' ')}: says nothing`);
    if (out === '') return;
    answered += 1;
    try {
      JSON.parse(out);
    } catch {
      wrong.push(`${each.words.join(' ')}: ${out.slice(0, 80)}`);
    }
  });
  await Promise.all(runs);
  expect(wrong).toEqual([]);
  // Most want a database, a service or a --yes; on a busy machine a few find the broker too slow.
  expect(answered).toBeGreaterThan(3);
}

test('every command has --json, once', () => {
  expect(every.length).toBeGreaterThan(80);
  const without = every.filter(
    ({ command }) => !command.options.some(({ long }) => long === '--json'),
  );
  expect(without.map(({ words }) => words.join(' '))).toEqual([]);
});

describe('a file', () => {
  test.each([
    ['EROFS', '/mnt/a.csv is on a disk that may only be read.'],
    ['ENOSPC', '/mnt/a.csv does not fit: the disk is full.'],
    ['EACCES', '/mnt/a.csv may not be used by this user.'],
  ])('that cannot be written (%s) is said in a sentence', (code, words) => {
    const error = Object.assign(new Error(`${code}: nothing a person reads`), {
      code,
      path: '/mnt/a.csv',
    });
    expect(inSentence(error)).toBe(words);
  });
});
