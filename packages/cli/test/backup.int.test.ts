/** A backup's bytes: nobody reads them without the key, a change is found, and the old ones go. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processEnv } from '@leadwire/testing/process-env';
import { endedBackups } from '../src/backup/ended-backups.ts';
import { runCli } from './run-cli.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leadwire-backup-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program as backup.sh starts it: without settings, bytes in, bytes out. */
async function pipe(input: Uint8Array, ...args: string[]) {
  const command = ['packages/cli/src/main.ts', 'backup', ...args];
  const child = spawn(process.execPath, command, { cwd: REPOSITORY, env: processEnv });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { out, err: err.toString(), code: await code };
}

test('what is sealed is opened by its key alone, and not when a byte of it has changed', async () => {
  const [own, other] = await Promise.all([
    runCli({}, 'backup', 'key'),
    runCli({}, 'backup', 'key'),
  ]);
  const recipient = /BACKUP_RECIPIENT=(age1\w+)/.exec(own.out)?.[1] ?? '';
  const keyFile = path.join(folder, 'key.txt');
  const otherFile = path.join(folder, 'other.txt');
  writeFileSync(keyFile, own.out);
  writeFileSync(otherFile, other.out);
  // Several chunks of age, 64 KiB each.
  const plain = Buffer.concat([Buffer.from('+77000000001'), randomBytes(300_000)]);
  const sealed = await pipe(plain, 'seal', '--to', recipient);
  expect(sealed).toMatchObject({ code: 0, err: '' });
  expect(sealed.out.includes('+77000000001')).toBe(false);

  // Into a file: what is there is not written over, and bytes are no JSON.
  const file = path.join(folder, 'sealed.age');
  const kept = await pipe(plain, 'seal', '--to', recipient, '--output', file, '--json');
  expect(JSON.parse(kept.out.toString())).toEqual({ file });
  const over = await runCli({}, 'backup', 'seal', '--to', recipient, '--output', file);
  expect(over).toMatchObject({ code: 1, err: expect.stringContaining('is there already') });
  expect((await runCli({}, 'backup', 'seal', '--to', recipient, '--json')).code).toBe(2);

  const opened = await pipe(readFileSync(file), 'open', '--identity', keyFile);
  expect(opened.code).toBe(0);
  expect(opened.out.equals(plain)).toBe(true);

  const changed = Buffer.from(sealed.out);
  changed[200_000]! ^= 1;
  const [broken, foreign] = await Promise.all([
    pipe(changed, 'open', '--identity', keyFile),
    pipe(sealed.out, 'open', '--identity', otherFile),
  ]);
  expect([broken.code, foreign.code]).toEqual([1, 1]);
  expect(foreign.out).toHaveLength(0);
}, 120_000);

test('without a recipient nothing is sealed, and it is said how to get one', async () => {
  const { code, out, err } = await runCli({}, 'backup', 'seal');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('leadwire backup key');
  expect((await runCli({}, 'backup', 'seal', '--to', 'age1nonsense')).code).toBe(2);
});

test('7 days and 4 weeks of backups are kept, and whatever is no backup', () => {
  const nameOf = (day: number, hour = '03') => {
    const date = new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10).replaceAll('-', '');
    return `${date}T${hour}0000Z.tar.age`;
  };
  // 60 days up to Sunday, March 1; two of the last one.
  const days = Array.from({ length: 60 }, (_, index) => nameOf(index + 1));
  const names = [...days, nameOf(60, '15'), 'erasures.json', 'notes.tar.age'];
  const ended = new Set(endedBackups(names));
  const kept = names.filter((name) => !ended.has(name)).sort();
  expect(kept).toEqual(
    [
      // Sundays: the newest of their weeks.
      ...[39, 46, 53].map((day) => nameOf(day)),
      ...[54, 55, 56, 57, 58, 59].map((day) => nameOf(day)),
      nameOf(60, '15'),
      'erasures.json',
      'notes.tar.age',
    ].sort(),
  );
  expect(endedBackups(kept)).toEqual([]);
});
