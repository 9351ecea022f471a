/** `npm run check`: format, lint, types and the repository's own rules, all of them even if one fails. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { say, step } from './progress.mjs';
import { run } from './run-command.mjs';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** The program of a package, by the name it has in that package's manifest. */
function bin(name: string, command = name): string {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    bin: string | Record<string, string>;
  };
  return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : (bin[command] ?? ''));
}

const CHECKS: readonly { title: string; args: string[] }[] = [
  {
    title: 'format (npx prettier --write . mends it)',
    args: [bin('prettier'), '--check', '--log-level=warn', '.'],
  },
  { title: 'lint', args: [bin('eslint'), '.', '--max-warnings=0'] },
  { title: 'types', args: [bin('typescript', 'tsc'), '--project', '.'] },
  {
    title: "the repository's rules",
    args: ['--experimental-vm-modules', bin('jest'), '--globalSetup=', 'test/repo.test.ts'],
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
