/**
 * `npm run check`: format, lint, types and unit tests (the repository's own rules are among them), all of them even if
 * one fails. `npm run check -- lint types` runs just those. What was fine and has not changed since is not looked at
 * again: the caches are in .data/cache/, and CI has none.
 */
import path from 'node:path';
import { findBin } from '../machine/package-bin.ts';
import { say, seconds } from '../machine/progress.mjs';
import { run } from '../machine/run-command.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const cache = (name: string): string => path.join(root, '.data/cache', name);
const byContent = ['--cache', '--cache-strategy=content'];

interface Check {
  title: string;
  args: readonly string[];
}

/** By name; the longest first, so that the last one does not run alone. */
const CHECKS: Readonly<Record<string, Check>> = {
  lint: {
    title: 'lint',
    args: [
      findBin('eslint'),
      '.',
      '--max-warnings=0',
      ...byContent,
      `--cache-location=${cache('lint.json')}`,
    ],
  },
  types: {
    title: 'types',
    args: [
      findBin('typescript', 'tsc'),
      '--project',
      '.',
      '--incremental',
      '--tsBuildInfoFile',
      cache('types.json'),
    ],
  },
  unit: {
    title: 'unit tests',
    // A unit test starts no process and opens no port.
    args: [findBin('vitest'), 'run', '--exclude', '**/*.{int,e2e,browser}.test.ts'],
  },
  format: {
    title: 'format (npx prettier --write . mends it)',
    args: [
      findBin('prettier'),
      '--check',
      '--log-level=warn',
      ...byContent,
      `--cache-location=${cache('format.json')}`,
      '.',
    ],
  },
};
/** Each is busy on one core for most of its time, and a machine has two at least. */
const SIDE_BY_SIDE = 2;

/** Runs checks from the front of the queue until it is empty; their titles go to `failed` when they are not passed. */
async function runChecks(queue: Check[], failed: string[]): Promise<void> {
  for (let check = queue.shift(); check; check = queue.shift()) {
    const { title, args } = check;
    const startedAt = Date.now();
    const { code, output } = await run(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...args],
      { cwd: root },
    );
    say(`${code === 0 ? '✓' : '✗'} ${title} … ${seconds(Date.now() - startedAt)}`);
    if (code === 0) continue;
    failed.push(title);
    say(output.trim());
  }
}

// `node scripts/bootstrap.mjs check -- lint` hands the dashes on.
const asked = process.argv.slice(2).filter((name) => name !== '--');
const unknown = asked.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  say(`No such check: ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(1);
}
const queue = Object.entries(CHECKS)
  .filter(([name]) => asked.length === 0 || asked.includes(name))
  .map(([, check]) => check);
const count = queue.length;
const failed: string[] = [];
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => runChecks(queue, failed)));
if (failed.length > 0) say(`\n${failed.length} of ${count} checks failed: ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;
