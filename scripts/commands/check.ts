/** `npm run check`: format, lint, types and the repository's own rules, all of them even if one fails. */
import path from 'node:path';
import { findBin } from '../machine/package-bin.ts';
import { say, step } from '../machine/progress.mjs';
import { run } from '../machine/run-command.mjs';

const root = path.resolve(import.meta.dirname, '../..');

const CHECKS: readonly { title: string; args: string[] }[] = [
  {
    title: 'format (npx prettier --write . mends it)',
    args: [findBin('prettier'), '--check', '--log-level=warn', '.'],
  },
  { title: 'lint', args: [findBin('eslint'), '.', '--max-warnings=0'] },
  { title: 'types', args: [findBin('typescript', 'tsc'), '--project', '.'] },
  {
    title: "the repository's rules",
    args: ['--experimental-vm-modules', findBin('jest'), '--globalSetup=', 'test/repo.test.ts'],
  },
];

const failed: string[] = [];
for (const { title, args } of CHECKS) {
  const done = run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
  });
  await step(title, async () => {
    const { code, output } = await done;
    if (code !== 0) throw new Error(output);
  }).catch((error: Error) => {
    failed.push(title);
    say(error.message.trim());
  });
}
if (failed.length > 0) say(`\n${failed.length} of ${CHECKS.length} checks failed.`);
process.exitCode = failed.length > 0 ? 1 : 0;
