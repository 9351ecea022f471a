/** deploy/backup/backup.sh against a docker that only notes what it is asked; the real one: `npm run e2e:compose -- backup`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
/** More than a pipe holds: whoever reads the first line alone ends the writer. */
const OTHERS = 50_000;
const DOCKER = `#!/bin/bash
echo "$*" >>"$NOTES"
case "$*" in
  *'config --services'*) echo $FIRST; seq ${OTHERS} ;;
  *'account backup'*) [[ $* =~ -v\\ ([^ ]+):/backup ]] && mkdir "\${BASH_REMATCH[1]}/LEADS" ;;
  *'pg_dump'*) echo dump ;;
  *'-cz .') tar -cz -T /dev/null ;;
  *'secrets.json') echo '{}' ;;
  *'certificates --json') echo '[]' ;;
  *'backup prune') cat >/dev/null ;;
  *'backup seal') cat >/dev/null; printf 'age-encryption.org/v1\\nsealed' ;;
esac
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leadwire-backup-script-'));
  writeFileSync(path.join(folder, 'docker'), DOCKER, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it; what it asked docker for, and what it left. */
function backUp(first: string, ...args: string[]) {
  const NOTES = path.join(folder, 'notes');
  const BACKUP_DIR = path.join(folder, 'backups');
  const PATH = `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
  const env = { PATH, NOTES, BACKUP_DIR, FIRST: first };
  const script = path.join(root, 'deploy/backup/backup.sh');
  const { status, stderr } = spawnSync(script, args, { env, encoding: 'utf8' });
  const asked = readFileSync(NOTES, 'utf8');
  return { status, stderr, asked, left: readdirSync(BACKUP_DIR).sort(), folder: BACKUP_DIR };
}

test('a stack with the bundled database is backed up with its files, and it goes on', () => {
  const { status, stderr, asked, left, folder: backups } = backUp('supabase-local');
  expect([status, stderr]).toEqual([0, '']);
  expect(asked).toMatch(/stop supabase-local[^]*tar supabase-local[^]*start supabase-local/);
  expect(asked).not.toContain('pg_dump');
  expect(left).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z\.tar\.age$/), 'erasures.json']);
  const modes = [backups, ...left.map((name) => path.join(backups, name))];
  expect(modes.map((file) => statSync(file).mode & 0o077)).toEqual([0, 0, 0]);
});

test('one with hosted projects is dumped, both of them', () => {
  const { status, asked } = backUp('nats');
  expect(status).toBe(0);
  expect(asked.match(/pg_dump/g)).toHaveLength(2);
  expect(asked).not.toContain('stop supabase-local');
});

test('the list of erasures is kept on its own, and nothing else is touched', () => {
  const { status, asked, left } = backUp('nats', '--erasures');
  expect([status, left]).toEqual([0, ['erasures.json']]);
  expect(asked.trim().split('\n')).toEqual([expect.stringContaining('person certificates --json')]);
});
