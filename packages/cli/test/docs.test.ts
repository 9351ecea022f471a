/** What READMEs and the runbook tell people to type is there: each command and each option of it. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Command } from 'commander';
import { buildProgram } from '../src/program.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const FILES = globSync(
  [
    'README.md',
    'docs/**/*.md',
    'packages/*/README.md',
    'services/*/README.md',
    'supabase/README.md',
  ],
  { cwd: root },
)
  .filter((file) => !file.includes('decisions/') && !file.includes('node_modules'))
  .sort();
const program = buildProgram(() => {
  throw new Error('nothing is run here');
});

/** What stands after `leadwire` in fenced blocks and in code of a sentence. */
function commandsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const fenced = [...text.matchAll(/^```[^\n]*\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const inline = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...fenced, ...inline].flatMap((line) => {
    const [, command] =
      /^\s*(?:npm run leadwire --|docker compose run --rm leadwire|leadwire) (.+)/.exec(line) ?? [];
    // A remark follows after a # or two spaces; what a shell does with the output is not ours.
    return command === undefined ? [] : [command.split(/ #| {2}| [|>&;]+ /)[0] ?? ''];
  });
}

/** Why it would be refused; undefined when commander would take it. */
function problemOf(line: string): string | undefined {
  let command: Command = program;
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  for (const word of words) {
    if (word === '…' || word === '...') return undefined;
    if (/^--?[a-z]/i.test(word)) {
      if (!knows(command, word.replace(/[=,.;].*/, ''))) return `${line}: no option ${word}`;
      continue;
    }
    // One of several, as a list of commands writes it.
    const next = word
      .split('|')
      .map((name) => command.commands.find((each) => each.name() === name));
    if (command.commands.length > 0 && next.includes(undefined))
      return `${line}: no command ${word}`;
    command = next[0] ?? command;
  }
  return undefined;
}

function knows(command: Command, flag: string): boolean {
  const isOwn = command.options.some(({ short, long }) => flag === short || flag === long);
  return (
    isOwn ||
    ['-h', '--help'].includes(flag) ||
    (command.parent !== null && knows(command.parent, flag))
  );
}

test('the way of looking finds what is not there', () => {
  expect(problemOf('leads show <id>')).toBeUndefined();
  expect(problemOf('leads explode 1')).toContain('no command explode');
  expect(problemOf('leads show 1 --explode')).toContain('no option --explode');
});

/** What people are told to do when something is wrong, in Russian. */
const ADVICE = globSync(
  ['packages/operations/src/{health,upkeep}/*.ts', 'services/telegram-relay/src/alerts/*.ts'],
  { cwd: root },
);

test('every command that an alert or a finding advises is there, with its options', () => {
  const all = ADVICE.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return [
      ...text.matchAll(/(?:leadwire |ownCommand\('|command: ')((?:-{0,2}[a-z0-9-]+ ?)+)/g),
    ].map(([, line = '']) => [file, problemOf(line.trim())]);
  });
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter(([, problem]) => problem !== undefined)).toEqual([]);
});

test('every command that a page names is there, with its options', () => {
  const all = FILES.flatMap((file) => commandsOf(file).map((line) => [file, problemOf(line)]));
  expect(all.length).toBeGreaterThan(60);
  expect(all.filter(([, problem]) => problem !== undefined)).toEqual([]);
});
