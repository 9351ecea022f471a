/** docs/DATABASES.md draws what the code does: which service knows which database, and who writes each table. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const text = read('docs/DATABASES.md');
const services = readdirSync(path.join(root, 'services'));

const PROJECTS = [
  ['landing', 'supabase/schemas', 'LANDING_SUPABASE_URL'],
  ['tripwire', 'supabase/tripwire/supabase/schemas', 'TRIPWIRE_SUPABASE_URL'],
  ['traffic', 'supabase/traffic/supabase/schemas', 'TRAFFIC_SUPABASE_URL'],
  ['main', 'supabase/main/supabase/schemas', 'SUPABASE_URL'],
] as const;

test('the drawing has an arrow from each service to each database whose address it takes, and no other', async () => {
  const expected: string[] = [];
  for (const service of services) {
    const file = path.join(root, 'services', service, 'src/env.ts');
    const exported = (await import(file)) as Record<string, unknown>;
    const schema = Object.entries(exported).find(([name]) => /envSchema$/i.test(name))?.[1];
    if (!(schema instanceof z.ZodObject)) throw new Error(`${file} exports no envSchema`);
    for (const [project, , variable] of PROJECTS) {
      if (variable in schema.shape) expected.push(`${service} --> ${project}`);
    }
  }
  const drawn = [...text.matchAll(/^ {2}([\w-]+) --> (\w+)$/gm)].map(
    ([, from, to]) => `${from} --> ${to}`,
  );
  expect(drawn.sort()).toEqual(expected.sort());
  expect(drawn.length).toBeGreaterThan(services.length);
});

/** The tables and views of a folder of schemas, with what each one's comment says. */
function relationsOf(folder: string): Map<string, string> {
  const sql = readdirSync(path.join(root, folder))
    .map((file) => read(`${folder}/${file}`))
    .join('\n');
  const made = sql.matchAll(
    /^create (?:or replace )?(?:table|view) (?:if not exists )?public\.(\w+)/gm,
  );
  return new Map(
    [...made].map(([, name = '']) => {
      const quoted = `(?:'(?:[^']|'')*'\\s*)+`;
      const said = new RegExp(`comment on (?:table|view) public\\.${name} is\\s+(${quoted});`).exec(
        sql,
      );
      return [name, said?.[1] ?? ''];
    }),
  );
}

const namedIn = (words: string) =>
  services.filter((service) => new RegExp(`\\b${service}\\b`).test(words));

test.each(PROJECTS.map(([project, folder]) => ({ project, folder })))(
  'every table of $project is listed with the services that write it',
  ({ project, folder }) => {
    const [, after = ''] = text.split(`\n## ${project}\n`);
    const [section = ''] = after.split('\n## ');
    const rows = new Map(
      [...section.matchAll(/^\| `(\w+)` *\|([^|]*)\|/gm)].map(([, name = '', by = '']) => [
        name,
        by,
      ]),
    );
    const relations = relationsOf(folder);
    expect([...rows.keys()].sort()).toEqual([...relations.keys()].sort());
    const wrong = [...relations].filter(
      ([name, comment]) =>
        comment !== '' && String(namedIn(rows.get(name) ?? '')) !== String(namedIn(comment)),
    );
    expect(wrong).toEqual([]);
  },
);
