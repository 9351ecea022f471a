import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const text = readFileSync(path.join(root, 'docs/THREATS.md'), 'utf8');

/** Rows of the tables: [threat, what stops it, proof]. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, threat = '']) => threat !== 'who wants what' && !threat.startsWith('-'));

test('docs/THREATS.md has rows', () => {
  expect(rows.length).toBeGreaterThan(15);
});

test.each(rows.map(([, threat = '', , proof = '']) => [threat, proof]))(
  'docs/THREATS.md names a test that exists: %s',
  (_threat, proof) => {
    const named = [...proof.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  },
);
