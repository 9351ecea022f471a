import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { scenarios } from '../scenarios.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'docs/FAILURES.md'), 'utf8');

/** Rows of the tables that end in a column "proof": [fault, …, proof]. */
const rows = text
  .split(/^## /m)
  .filter((section) => /^\| *fault .*\| *proof *\|$/m.test(section))
  .flatMap((section) => section.split('\n').filter((line) => line.startsWith('| ')))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, fault = '']) => fault !== 'fault' && !fault.startsWith('-'));
const names = scenarios.map(({ name }) => name);

describe('docs/FAILURES.md', () => {
  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  test.each(rows.map((cells) => [cells[1] ?? '', cells.at(-2) ?? '']))(
    'names what proves it: %s',
    (_fault, proof) => {
      const named = [...proof.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      const unknown = named.filter(
        (name) => !names.includes(name) && !existsSync(path.join(root, name)),
      );

      expect(named.length).toBeGreaterThan(0);
      expect(unknown).toEqual([]);
    },
  );

  test('has every scenario', () => {
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
