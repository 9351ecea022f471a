/** docs/SECURITY.md says what the code does: scopes, users of the broker, ports, and a proof for every promise. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { scopes } from '@leadwire/shared/contract/access-tokens';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const page = read('docs/SECURITY.md');

/** The cells of each row under a heading, without the table's head. */
function rowsUnder(heading: string): string[][] {
  const [, rest = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = rest.split('\n## ');
  const rows = own.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const names = (heading: string) =>
  rowsUnder(heading).map(([first = '']) => first.replaceAll('`', ''));

test('it has every scope', () => {
  expect(names('Scopes of tokens')).toEqual([...scopes]);
});

test('it has every user of the broker', () => {
  const users = [...read('deploy/nats.conf').matchAll(/^ {6}user: ([\w-]+)$/gm)];
  expect(names('Users of the broker').sort()).toEqual(users.map(([, name = '']) => name).sort());
});

test('it has every port that docker compose opens, and the world reaches the edge alone', () => {
  const [services = ''] = read('docker-compose.yml').split('\nnetworks:\n');
  const blocks = [...services.matchAll(/^ {2}([\w-]+):\n((?: {4}.*\n|\n| {2}#.*\n)+)/gm)];
  const open = blocks.flatMap(([, name = '', body = '']) => {
    const ports = /^ {4}ports:\s*\[([^\]]*)\]/m.exec(body)?.[1];
    return ports === undefined ? [] : [{ name, ports }];
  });
  expect(open.map(({ name }) => name).sort()).toEqual(names('Ports').sort());
  const isOpen = ({ ports }: { ports: string }) =>
    ports.split(',').some((port) => !/127\.0\.0\.1/.test(port));
  expect(open.filter(isOpen).map(({ name }) => name)).toEqual(['edge']);
});

test.each(rowsUnder('What is promised'))('%s', (_promise, proof = '') => {
  const files = [...proof.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
