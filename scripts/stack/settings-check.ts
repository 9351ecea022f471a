/**
 * The settings of all parts, looked at whole: what one part would find after the other, each after the ones before it
 * had started, is told in one go and before anything starts. `npm start` and the compose stack ask here.
 */
import path from 'node:path';
import { problemsIn, type EnvProblem } from '@leadwire/shared/runtime/env';
import type { z } from 'zod';
import { ExplainedError } from '../machine/tools.mjs';
import { stackEnv, type Ports } from './dev-stack.ts';
import { PARTS, type Part } from './parts.ts';

/** A program that is not in PARTS: nobody keeps it running. */
export const CLI = { name: 'cli', entry: 'packages/cli/src/main.ts' };

/** Everything that reads settings. The broker has its own. */
export const PROGRAMS: readonly Pick<Part, 'name' | 'entry'>[] = [
  ...PARTS.filter(({ entry }) => entry.endsWith('.ts')),
  CLI,
];

/** The port that it has where nothing else listens there. */
export const usualPort: Ports = (name, variable = 'PORT') =>
  PARTS.find((part) => part.name === name)?.ports[variable] ?? 0;

/** Every setting that there is. @param example the text of `.env.example`, most of them behind a `#` there */
export function settingNames(example: string): string[] {
  return [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);
}

/** A setting that the named parts cannot work with. */
export interface SettingFault extends EnvProblem {
  parts: string[];
}

/** The schema of a program, from the env.ts beside its main.ts. @throws when there is none. */
export async function schemaOf(root: string, entry: string): Promise<z.ZodObject> {
  const file = path.join(root, entry.replace('main.ts', 'env.ts'));
  const exported = (await import(file)) as Record<string, unknown>;
  const [, schema] = Object.entries(exported).find(([name]) => /envSchema$/i.test(name)) ?? [];
  if (isObjectSchema(schema)) return schema;
  throw new Error(`${file} exports no envSchema`);
}

/** This file runs where zod is a package of the parts alone. */
function isObjectSchema(value: unknown): value is z.ZodObject {
  return typeof value === 'object' && value !== null && 'shape' in value && 'safeParse' in value;
}

/** One fault for each setting, whoever reads it; in the order in which they were found. */
export function mergeFaults(
  found: readonly { part: string; problems: readonly EnvProblem[] }[],
): SettingFault[] {
  const faults = new Map<string, SettingFault>();
  for (const { part, problems } of found) {
    for (const each of problems) {
      const known = faults.get(each.name);
      if (known) known.parts.push(part);
      else faults.set(each.name, { ...each, parts: [part] });
    }
  }
  return [...faults.values()];
}

/**
 * Lines for a person: what is wrong with each setting, what it could be, and who reads it. No value is shown, because
 * many are secrets.
 * @param example the text of `.env.example`
 */
export function faultLines(faults: readonly SettingFault[], example: string): string[] {
  return faults.flatMap(({ name, problem, parts }) => {
    const value = new RegExp(`^#?${name}=(.+)$`, 'm').exec(example)?.[1];
    const likeThis = value === undefined ? '' : `; for example ${name}=${value}`;
    return [`  ${name}: ${problem}`, `      read by ${parts.join(', ')}${likeThis}`];
  });
}

/**
 * Looks at what `npm start` was given with the schemas of all its parts, and of the CLI. Nothing is read where nothing
 * was given: the stack's own values are right.
 * @param given `.env`, and over it the caller's environment
 * @throws ExplainedError with every fault
 */
export async function refuseFaults(
  root: string,
  example: string,
  given: NodeJS.ProcessEnv,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  if (!settingNames(example).some((name) => given[name])) return;
  // The addresses of the stack are right whichever ports it gets; each part's own come from it.
  const { PORT: _port, HOST: _host, ...env } = stackEnv(usualPort, root, secrets, given);
  const found = await Promise.all(
    PROGRAMS.map(async ({ name, entry }) => {
      return { part: name, problems: problemsIn(await schemaOf(root, entry), env) };
    }),
  );
  const faults = mergeFaults(found);
  if (faults.length === 0) return;
  throw new ExplainedError(
    [
      'Nothing was started: these settings need attention (.env, or variables of this terminal).',
      '',
      ...faultLines(faults, example),
      '',
      '.env.example explains each.',
    ].join('\n'),
  );
}
