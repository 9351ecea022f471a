/**
 * `npm test`: every test there is, in one run of Vitest. Says first when there is no Chromium, because then the
 * browser tests are left out. Arguments go to Vitest: `npm test -- services/notifier`.
 *
 * Files that failed in a whole run are run once more, alone: what passes then is named as such, for it depends
 * on how busy the machine is. What fails again has failed. The last line counts both parts as one.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findChromium } from '../machine/chromium.ts';
import { findBin } from '../machine/package-bin.ts';
import { say } from '../machine/progress.mjs';
import { afterSecondRun, countLine, type Counts } from '../machine/test-counts.ts';

const root = path.resolve(import.meta.dirname, '../..');
const countsFile = path.join(root, '.data/cache', `test-counts-${process.pid}.json`);

/** More failed files than this are no accident of a busy machine. */
const MOST_ALONE = 6;

const chromium = findChromium();
if (chromium) say(`Browser tests run in ${chromium}.`);
else if (process.env['LEADWIRE_REQUIRE_BROWSER']) {
  say('No Chromium was found and LEADWIRE_REQUIRE_BROWSER is set: the browser tests will fail.');
} else {
  say(
    'No Chromium was found: the browser tests (forms page, inbox) are left out.\n' +
      'Install it ("apt-get install chromium"), or set CHROMIUM_BIN, to have them run.',
  );
}

/** Runs Vitest; resolves with its exit code and what it counted, if it came so far. */
async function runVitest(args: readonly string[]): Promise<{ code: number; counts?: Counts }> {
  rmSync(countsFile, { force: true });
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', findBin('vitest'), 'run', ...args],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        LEADWIRE_TEST_COUNTS: countsFile,
        ...(chromium ? { CHROMIUM_BIN: chromium } : {}),
      },
    },
  );
  // Vitest ends its workers itself when it is told to stop.
  const stop = (signal: NodeJS.Signals) => {
    isStopped = true;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  const leave = () => stop('SIGTERM');
  process.on('disconnect', leave);
  const code = await new Promise<number>((resolve) => {
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  for (const signal of signals) process.off(signal, stop);
  process.off('disconnect', leave);
  if (!existsSync(countsFile)) return { code };
  const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
  rmSync(countsFile, { force: true });
  return { code, counts };
}

let isStopped = false;
mkdirSync(path.dirname(countsFile), { recursive: true });
// `npm test -- -- storm` hands dashes on, and Vitest would take nothing after them for a name.
const args = process.argv.slice(2).filter((each) => each !== '--');
const first = await runVitest(args);
let { code, counts } = first;

const failed = first.counts?.failedFiles ?? [];
const isWhole = args.length === 0;
if (isWhole && !isStopped && failed.length > 0 && failed.length <= MOST_ALONE) {
  const names = failed.map((file) => path.relative(root, file.path));
  say(`\nOnce more, alone: ${names.join(', ')}`);
  const second = await runVitest(['--no-file-parallelism', ...names]);
  if (first.counts && second.counts) {
    code = second.code;
    counts = afterSecondRun(first.counts, second.counts);
    const stillFailed = new Set(second.counts.failedFiles.map((file) => file.path));
    const passed = names.filter((_name, index) => !stillFailed.has(failed[index]?.path ?? ''));
    if (passed.length > 0) {
      say(`\nFailed beside other tests and passed alone, to be looked at: ${passed.join(', ')}`);
    }
  }
}
if (counts) say(`\n${countLine(counts)}`);
process.exitCode = code;
