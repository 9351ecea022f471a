/** Where files may look: no circle of imports anywhere, and rooms that import downwards only. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], {
  cwd: root,
})
  .toString()
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));
const known = new Set(sources);
const folderOf = Object.fromEntries(
  sources.flatMap((file) => {
    const [, folder, name] = /^((?:packages|services)\/([\w-]+))\/src\//.exec(file) ?? [];
    return folder && name ? [[name, folder]] : [];
  }),
);

/** The files of ours that a file imports, types included: whoever reads it has to know them too. */
function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].flatMap(
    ([, to = '']) => {
      const [, name = '', rest] = /^@leadwire\/([\w-]+)\/(.+)$/.exec(to) ?? [];
      const target = to.startsWith('.')
        ? path.posix.join(path.posix.dirname(file), to)
        : `${folderOf[name] ?? ''}/src/${rest ?? ''}.ts`;
      return known.has(target) ? [target] : [];
    },
  );
}
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

/** The first circle that is found from a file, as a path that comes back to its beginning. */
function findCircle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, way: string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const circle = visit(next, [...way, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of sources) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}

test('no files import each other in a circle', () => {
  // A walk that follows nothing finds nothing either.
  expect([...imports.values()].flat().length).toBeGreaterThan(sources.length);
  expect(findCircle()).toBeUndefined();
});

describe('packages/shared', () => {
  /** Each room may import from those before it; README.md shows the same order. */
  const FLOORS: readonly (readonly string[])[] = [
    ['errors.ts'],
    ['contract', 'runtime'],
    ['broker', 'contacts'],
    ['coordination'],
    ['consumer', 'delivery', 'providers'],
    ['service'],
  ];
  const SRC = 'packages/shared/src/';
  const roomOf = (file: string) => file.slice(SRC.length).split('/')[0] ?? '';
  const floorOf = (file: string) => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
  const own = sources.filter((file) => file.startsWith(SRC));

  test('has no room that is missing on the list', () => {
    expect(own.filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  test('imports from rooms further down only', () => {
    const upwards = own.flatMap((file) =>
      (imports.get(file) ?? [])
        .filter((to) => to.startsWith(SRC) && roomOf(to) !== roomOf(file))
        .filter((to) => floorOf(to) >= floorOf(file))
        .map((to) => `${file} -> ${to}`),
    );
    expect(upwards).toEqual([]);
  });
});

test('only one place puts events and subjects together; what waits for its time has a place of its own', () => {
  const makers = sources.filter(
    (file) =>
      /\/src\//.test(file) && /\bmakeEvent\(/.test(readFileSync(path.join(root, file), 'utf8')),
  );
  expect(makers).toEqual([
    'packages/shared/src/broker/publish-event.ts',
    'packages/shared/src/delivery/schedule.ts',
  ]);
});

describe('the README of each part', () => {
  const parts = [
    ...new Set(
      sources.map((file) => /^(?:(?:packages|services)\/[\w-]+|chaos|bench)\//.exec(file)?.[0]),
    ),
  ];

  test.each(parts.filter((part) => part !== undefined))('%s names every room', (part) => {
    const readme = readFileSync(path.join(root, part, 'README.md'), 'utf8');
    const rooms = sources
      .filter((file) => file.startsWith(part))
      .flatMap((file) => /^(?:src\/)?([\w-]+)\//.exec(file.slice(part.length))?.[1] ?? [])
      .filter((room) => room !== 'test' && room !== 'src');
    const unnamed = [...new Set(rooms)].filter((room) => !new RegExp(`\\b${room}/`).test(readme));
    expect(unnamed).toEqual([]);
  });

  test.each(parts.filter((part) => part !== undefined))('%s names no file that is gone', (part) => {
    const readme = readFileSync(path.join(root, part, 'README.md'), 'utf8');
    const named = [...readme.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/g)].map(
      ([, file]) => part + file,
    );
    expect(named.filter((file) => !known.has(file))).toEqual([]);
  });
});
