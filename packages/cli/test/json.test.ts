/** Whatever the terminal says to a person, it says to a program as well. */
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { envSchema } from '@leadwire/cli/env';
import { buildProgram } from '@leadwire/cli/program';

/** They pass bytes through, or say one line about the one thing that they were asked for. */
const WITHOUT = [
  ...['leads retry', 'leads resend', 'dead show', 'dead redrive', 'dead drop'],
  ...['backup seal', 'backup open'],
  ...[
    'create',
    'preview',
    'test',
    'start',
    'pause',
    'resume',
    'cancel',
    'retry',
    'rate',
    'copy',
  ].map((name) => `campaign ${name}`),
  ...['campaign resend', 'campaign delete', 'campaign report', 'segment delete'],
];

function leavesOf(command: Command, path: string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((each) => leavesOf(each, [...path, each.name()]));
}

test('a command has --json, but for those that are known to have none', () => {
  const program = buildProgram(() => envSchema.parse({}));
  const without = leavesOf(program)
    .filter(([, command]) => !command.options.some(({ long }) => long === '--json'))
    .map(([path]) => path);
  expect(without.sort()).toEqual([...WITHOUT].sort());
});
