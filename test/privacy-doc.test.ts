/** docs/PRIVACY.md has a row for everything that is stored, and says what the code does. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  bucketReach,
  streamReach,
  tableReach,
  type Reach,
  type TableReach,
} from '@leadwire/operations/person/places';
import { buckets, streams } from '@leadwire/shared/contract/topology';

const root = path.resolve(import.meta.dirname, '..');
const DAY_MS = 24 * 60 * 60_000;

/** The cells of each row of one section, by the name in its first cell. */
function rowsOf(section: string): Map<string, string[]> {
  const text = readFileSync(path.join(root, 'docs/PRIVACY.md'), 'utf8');
  const [, rest = ''] = text.split(`### ${section}`);
  const [own = ''] = rest.split('\n#');
  const rows = own.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((line) => {
      const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim());
      return [name.replaceAll('`', ''), cells.slice(0, -1)];
    }),
  );
}

/** Every table that a project's schemas make. */
function tablesOf(folder: string): string[] {
  const files = readdirSync(path.join(root, folder));
  const text = files.map((file) => readFileSync(path.join(root, folder, file), 'utf8')).join('\n');
  const made = text.matchAll(/^create table (?:if not exists )?public\.(\w+)/gm);
  return [...made].map(([, name = '']) => name).sort();
}

const kept = (ms: number, without: string) =>
  ms === 0 ? without : `${ms / DAY_MS} day${ms === DAY_MS ? '' : 's'}`;

describe('docs/PRIVACY.md', () => {
  const untilDone = (stream: string) =>
    ['NOTIFICATIONS', 'TELEGRAM'].includes(stream) ? 'until sent' : 'until done';
  const streamRows = rowsOf('Streams');
  const bucketRows = rowsOf('Buckets');
  const tableRows = rowsOf('Tables');

  test('says of each stream and bucket how long it is kept, and what an erasure does', () => {
    const said = (rows: Map<string, string[]>) =>
      Object.fromEntries([...rows].map(([name, [, time, end]]) => [name, [time, end]]));
    const erased = (reach: Reach, rows: Map<string, string[]>, name: string) =>
      // What is removed only should a contact be in it is not said to be.
      reach === 'any' ? 'removed' : reach === 'keep' ? 'stays' : rows.get(name)?.[2];
    expect(said(streamRows)).toEqual(
      Object.fromEntries(
        Object.entries(streams).map(([name, { maxAgeMs }]) => [
          name,
          [
            kept(maxAgeMs, untilDone(name)),
            erased(streamReach[name as keyof typeof streams], streamRows, name),
          ],
        ]),
      ),
    );
    expect(said(bucketRows)).toEqual(
      Object.fromEntries(
        Object.entries(buckets).map(([name, { ttlMs }]) => [
          name,
          [
            kept(ttlMs, 'for ever'),
            erased(bucketReach[name as keyof typeof buckets], bucketRows, name),
          ],
        ]),
      ),
    );
  });

  test('says of each table what an erasure does to its rows', () => {
    const wordOf = ({ reach, how }: TableReach) =>
      reach === 'keep'
        ? 'stays'
        : how === 'remove'
          ? 'removed'
          : how === 'scrub'
            ? 'masked'
            : 'emptied';
    const done = new Map<string, string[]>();
    for (const [project, tables] of Object.entries(tableReach)) {
      for (const [table, reach] of Object.entries<TableReach>(tables)) {
        done.set(table, [...(done.get(table) ?? []), project, wordOf(reach)]);
      }
    }
    const wanted = [...done].map(([table, words]) => {
      const projects = words.filter((_word, index) => index % 2 === 0).join(', ');
      return [table, [projects, words.at(-1)]];
    });
    const said = [...tableRows].map(([table, [project, , end]]) => [table, [project, end]]);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(wanted));
  });

  test.each([
    ['landing', 'supabase/schemas'],
    ['tripwire', 'supabase/tripwire/supabase/schemas'],
  ] as const)('%s: every table is known to an erasure (person/places.ts)', (project, folder) => {
    expect(Object.keys(tableReach[project]).sort()).toEqual(tablesOf(folder));
  });
});
