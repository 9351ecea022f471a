/** `npm stop`: ends the stack that `npm start` runs here, also from another terminal. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { say, step } from '../machine/progress.mjs';
import { isRunning, readRunFile, stopLeftovers } from '../stack/run-file.ts';

/** Longer than a service may take to finish (start.ts), services and ground one after the other. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 100;

const root = path.resolve(import.meta.dirname, '../..');
const dataDir = path.resolve(process.env['LEADWIRE_DATA_DIR'] ?? path.join(root, '.data'));

const run = readRunFile(path.join(dataDir, 'run.json'));
const leftovers = (run?.children ?? []).filter(isRunning);
if (run && isRunning(run.supervisor)) {
  const { supervisor } = run;
  await step('Stopping', async () => {
    process.kill(supervisor.pid, 'SIGTERM');
    const deadline = Date.now() + PATIENCE_MS;
    while (isRunning(supervisor) && Date.now() < deadline) await delay(LOOK_MS);
  });
  if (isRunning(supervisor)) {
    say(`It is still there: process ${supervisor.pid}.`);
    process.exitCode = 1;
  }
} else if (leftovers.length > 0) {
  await step('A killed start left processes behind: stopping', () => stopLeftovers(leftovers));
} else {
  say('Leadwire is not running here.');
}
