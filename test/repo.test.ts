/** The repository's conventions as programs: what is worth stating is worth a check. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MAKERS } from '../scripts/stack/secrets.ts';
import { LONGEST } from './longest-first.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Every file that is or would be committed. */
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));
const sources = files.filter((file) => /\.(ts|js|mjs)$/.test(file));
const services = readdirSync(path.join(root, 'services'));

/** A file that one sitting is enough to read. */
const LONGEST_FILE = 300;
/** Names that say nothing, so that everything ends up in them. */
const FORBIDDEN_NAMES = /^(utils?|helpers?|common|lib|types|misc|index)$/;

describe('files', () => {
  test(`no source file has more than ${LONGEST_FILE} lines`, () => {
    const long = sources.filter((file) => read(file).trimEnd().split('\n').length > LONGEST_FILE);
    expect(long).toEqual([]);
  });

  test('no file or folder has a name that says nothing', () => {
    const nameless = files.filter((file) =>
      file.split('/').some((name) => FORBIDDEN_NAMES.test(name.replace(/\..*$/, ''))),
    );
    expect(nameless.filter((file) => /\.(ts|js|mjs)$/.test(file))).toEqual([]);
  });

  test('no two tests of a file have the same name', () => {
    const repeated = sources
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => testNames(read(file)).map((name) => `${file}: ${name}`))
      // What a table of cases is called is known only when it runs.
      .filter((name, index, all) => !name.endsWith('%s') && all.indexOf(name) !== index);
    expect(repeated).toEqual([]);
  });

  test('the tests that are begun first are there', () => {
    expect(LONGEST.filter((file) => !files.includes(file))).toEqual([]);
  });

  test('no test is skipped or run alone, no rule or type check is switched off', () => {
    const mark = (...parts: string[]) => parts.join('');
    const switches = [
      mark('eslint-', 'disable'),
      mark('@ts-', 'ignore'),
      mark('@ts-', 'nocheck'),
      mark('@ts-expect-', 'error'),
      mark('test.', 'skip'),
      mark('test.', 'only'),
      mark('describe.', 'only'),
    ];
    const found = sources.flatMap((file) =>
      switches.filter((each) => read(file).includes(each)).map((each) => `${file}: ${each}`),
    );
    expect(found.filter((each) => !each.endsWith('describe.skip'))).toEqual([]);
  });

  test('no line is kept from the formatter', () => {
    // With a reason behind it on its line the mark would do nothing, so there is none that could stay.
    const mark = ['prettier', 'ignore'].join('-');
    const formatted = files.filter((file) => /\.(ts|js|mjs|json|md|ya?ml|css|html)$/.test(file));
    expect(formatted.filter((file) => read(file).includes(mark))).toEqual([]);
  });
});

/** The names of a file's tests with those of the groups around them, told apart by indentation. */
function testNames(text: string): string[] {
  const groups: { indent: number; name: string }[] = [];
  const names: string[] = [];
  const call = /^( *)(describe|test)(?:\.each\(.*\))?\(\s*(['"`])((?:\\.|(?!\3).)*)\3/gm;
  for (const [, indent = '', kind, , name = ''] of text.matchAll(call)) {
    while ((groups.at(-1)?.indent ?? -1) >= indent.length) groups.pop();
    if (kind === 'describe') groups.push({ indent: indent.length, name });
    else names.push([...groups.map((group) => group.name), name].join(' > '));
  }
  return names;
}

describe('services', () => {
  test.each(services)('%s has the five things: main, env, handler, and tests', (service) => {
    const expected = ['src/main.ts', 'src/env.ts', 'src/handler.ts', 'test'];
    const missing = expected.filter(
      (each) => !existsSync(path.join(root, 'services', service, each)),
    );
    expect(missing).toEqual([]);
  });
});

describe('errors', () => {
  const declared = sources
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [...read(file).matchAll(/class (\w+) extends (\w*Error)\b[^{]*\{([^}]*)/g)]);

  test.each(declared.map(([, name = '', , body = '']) => [name, body]))(
    '%s ends in Error and carries its own name',
    (name, body) => {
      expect(name).toMatch(/Error$/);
      expect(body).toMatch(new RegExp(`\\bname(: string)? = '${name}'`));
    },
  );
});

describe('.env.example', () => {
  /** Which file's schema asks for a variable, and the default it has there. */
  type Asked = { file: string; fallback: string | undefined };

  /** As a person would write it in the file; lists are separated by commas. */
  const toText = (value: unknown) =>
    value === undefined ? undefined : Array.isArray(value) ? value.join(',') : `${value as string}`;

  async function readSettings(): Promise<Map<string, Asked[]>> {
    const asked = readComposeFile();
    // Programs only: packages/shared has an env.ts too, of which schemas are built.
    const envFiles = files
      .filter((file) => /^(services|packages)\/[\w-]+\/src\/main\.ts$/.test(file))
      .map((file) => file.replace('main.ts', 'env.ts'));
    for (const file of envFiles) {
      const exported = (await import(path.join(root, file))) as Record<string, unknown>;
      const [, envSchema] =
        Object.entries(exported).find(([name]) => /envSchema$/i.test(name)) ?? [];
      if (!(envSchema instanceof z.ZodObject)) throw new Error(`${file} exports no envSchema`);
      for (const [name, field] of Object.entries(envSchema.shape)) {
        const given = z.safeParse(field, undefined);
        const fallback = given.success ? toText(given.data) : undefined;
        asked.set(name, [...(asked.get(name) ?? []), { file, fallback }]);
      }
    }
    return asked;
  }

  /** What docker-compose.yml fills in, with its default, and the secrets that a stack makes up or its broker asks for. */
  function readComposeFile(): Map<string, Asked[]> {
    const file = 'docker-compose.yml';
    const texts = read(file) + read('deploy/cluster/docker-compose.yml');
    const filledIn = [...texts.matchAll(/\$\{([A-Z][A-Z0-9_]*):-([^}]*)\}/g)].filter(
      // The shell's own.
      ([, name]) => name !== 'PWD',
    );
    const confs = read('deploy/nats.conf') + read('deploy/cluster/nats.conf');
    const passwords = [...confs.matchAll(/\$(NATS_\w+_PASSWORD)/g)];
    return new Map([
      // docker compose's own: it finds this file by it.
      ['COMPOSE_FILE', [{ file, fallback: file }]],
      ...filledIn.map(([, name = '', fallback]): [string, Asked[]] => [name, [{ file, fallback }]]),
      ...Object.keys(MAKERS).map((name): [string, Asked[]] => [
        name,
        [{ file: 'scripts/stack/secrets.ts', fallback: undefined }],
      ]),
      ...passwords.map(([, name = '']): [string, Asked[]] => [
        name,
        [{ file: 'deploy/nats.conf', fallback: undefined }],
      ]),
    ]);
  }

  /** Variables as the file shows them; every line is commented out, so that a copy changes nothing. */
  const shown = new Map(
    [...read('.env.example').matchAll(/^#([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

  test('shows every variable that a schema or docker compose asks for, and no other', async () => {
    const asked = await readSettings();
    expect([...shown.keys()].sort()).toEqual([...asked.keys()].sort());
  });

  test('shows the defaults that the schemas have', async () => {
    const wrong: string[] = [];
    for (const [name, all] of await readSettings()) {
      const fallbacks = new Set(
        all.map(({ fallback }) => fallback).filter((each) => each !== undefined),
      );
      const value = shown.get(name) ?? '';
      // A variable with several defaults (PORT) shows one of them.
      if (fallbacks.size > 0 && !fallbacks.has(value)) {
        wrong.push(`${name}: shows ${value}, the schema has ${[...fallbacks].join(' or ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('explains every variable on the line above it', () => {
    const lines = read('.env.example').split('\n');
    const bare = lines.filter(
      (line, index) => /^#[A-Z][A-Z0-9_]*=/.test(line) && !/^# /.test(lines[index - 1] ?? ''),
    );
    expect(bare).toEqual([]);
  });
});
