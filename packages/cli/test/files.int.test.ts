/** Files that cannot be read or written, whichever command is given one: a sentence that names it, and no stack. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from '@leadwire/cli/program';
import { freePort } from '@leadwire/testing/nats';
import { processEnv } from '@leadwire/testing/process-env';
import { writeGiven } from '../src/given-file.ts';
import { runCli } from './run-cli.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const CAMPAIGN = [
  'campaign',
  'create',
  '--name',
  'x',
  '--channel',
  'email',
  '--template',
  'open-day',
];

/** What is read from a file: the words before it and after it. */
const READ: Readonly<Record<string, readonly string[]>> = {
  'texts write [file]': ['texts', 'write', 'open-day'],
  'texts picture <file>': ['texts', 'picture'],
  'spend import <file>': ['spend', 'import', '--source', 'x'],
  'forms test [file]': ['forms', 'test', 'spring'],
  'person apply --list <file>': ['person', 'apply', '--list'],
  'backup open --identity <file>': ['backup', 'open', '--identity'],
  'campaign create --vars <file>': [...CAMPAIGN, '--to', 'a@leadwire-sample.kz', '--vars'],
  'campaign create --csv <file>': [...CAMPAIGN, '--csv'],
  'segment count --filter-file <file>': ['segment', 'count', '--filter-file'],
  'segment save --filter-file <file>': ['segment', 'save', 'x', '--filter-file'],
};

/** What is written, all of it by `writeGiven` but the backups, which are never written over. */
const WRITTEN = [
  'backup open --output <file>',
  'backup seal --output <file>',
  'campaign preview --html <file>',
  'campaign report --output <file>',
  'referrals export --out <file>',
  'report --csv <file>',
  'texts preview --html <file>',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leadwire-files-'));
  symlinkSync(path.join(folder, 'loop'), path.join(folder, 'loop'));
  writeFileSync(path.join(folder, 'text'), 'not a folder');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every argument and option of every command that names a file. */
function filesOf(command: Command, words: readonly string[] = []): string[] {
  const own = [
    ...command.registeredArguments
      .filter((each) => each.name() === 'file')
      .map(({ required }) => (required ? '<file>' : '[file]')),
    ...command.options
      .filter(({ flags }) => flags.includes('<file>'))
      .map(({ long }) => `${long ?? ''} <file>`),
  ].map((each) => [...words, each].join(' '));
  return [...own, ...command.commands.flatMap((each) => filesOf(each, [...words, each.name()]))];
}

test('every file that a command takes stands in one of the two lists', () => {
  const files = filesOf(buildProgram(() => ({}) as never));
  expect(files.sort()).toEqual([...Object.keys(READ), ...WRITTEN].sort());
});

test.each(Object.entries(READ))(
  '%s: what cannot be read is said in a sentence',
  async (_, words) => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const env = {
      MAILER_BATCH_URL: nowhere,
      LANDING_API_URL: nowhere,
      PUBLIC_BASE_URL: nowhere,
      ADMIN_TOKEN: 'a-token-for-the-tests',
    };
    for (const [name, reason] of [
      ['', 'is a folder'],
      ['none', 'is not there'],
      ['text/below', 'is not in a folder'],
      ['loop', 'is a link that leads to itself'],
    ] as const) {
      const file = path.join(folder, name);
      const { code, out, err } = await runCli(env, ...words, file);
      expect({ code, out, err }).toEqual({ code: 1, out: '', err: `${file} ${reason}.\n` });
    }
  },
);

describe('a file that is written', () => {
  test.each([
    ['a folder', () => folder, 'is a folder'],
    [
      'in no folder',
      () => path.join(folder, 'none', 'a.csv'),
      'cannot be written: its folder is not there',
    ],
    ['below a file', () => path.join(folder, 'text', 'a.csv'), 'is not in a folder'],
    ['on a full disk', () => '/dev/full', 'does not fit: the disk is full'],
  ])('%s is said in a sentence', async (_, fileOf, words) => {
    const file = fileOf();
    await expect(writeGiven(file, 'a;b\n')).rejects.toThrow(`${file} ${words}.`);
  });

  test('where nobody may write is said in a sentence', async () => {
    // Nobody makes files there, root neither.
    await expect(writeGiven('/sys/leadwire.csv', 'a;b\n')).rejects.toThrow(
      /^\/sys\/leadwire\.csv (may not be used by this user|is on a disk that may only be read)\.$/,
    );
  });
});

describe('the output of a command', () => {
  const shell = async (line: string) => {
    const node = `"${process.execPath}" packages/cli/src/main.ts`;
    const options = { cwd: REPOSITORY, env: { ...processEnv, JOURNAL_DIR: '/nowhere' } };
    return promisify(execFile)('bash', ['-c', line.replaceAll('leadwire ', `${node} `)], options);
  };

  test('that nobody reads to its end ends without a word', async () => {
    // More than a pipe holds, and an end of the pipe that is gone before the first byte.
    const { stdout, stderr } = await shell(
      'set -o pipefail; leadwire --help | head -1 && leadwire texts show open-day --built-in | true',
    ).catch((error: { stdout: string; stderr: string }) => error);
    expect(stdout).toBe('Usage: leadwire [options] [command]\n');
    expect(stderr).not.toMatch(/EPIPE|\bat .*:\d+|Error/);
  });

  test('on a full disk is a failure, in a sentence', async () => {
    const { stdout } = await shell('leadwire --help 2>&1 >/dev/full; echo "code $?"');
    expect(stdout).toBe('The output does not fit: the disk is full.\ncode 1\n');
  });

  test('a backup that nobody reads, or that does not fit, is a failure', async () => {
    const sealed = path.join(folder, 'sealed');
    const { stdout } = await shell(
      `key=$(leadwire backup key) && to=$(sed -n 's/^# BACKUP_RECIPIENT=//p' <<<"$key")
       head -c 3000000 /dev/zero | leadwire backup seal --to "$to" 2>&1 >/dev/full; echo "code $?"
       leadwire backup seal --to "$to" --output "${folder}" </dev/null 2>&1; echo "code $?"
       leadwire backup seal --to "$to" --output "${sealed}" <"${folder}" 2>&1; echo "code $?"
       test -e "${sealed}" || echo nothing is left behind`,
    );
    expect(stdout.split('\n')).toEqual([
      'This cannot be read or written: The file does not fit: the disk is full.',
      'code 1',
      `${folder} is there already.`,
      'code 1',
      'The input is a folder.',
      'code 1',
      'nothing is left behind',
      '',
    ]);
  });
});
