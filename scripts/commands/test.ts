/**
 * `npm test`: every test there is, in one Jest run. Says first when there is no Chromium, because then the
 * browser tests are left out. Arguments go to Jest: `npm test -- services/notifier`.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { findChromium } from '../machine/chromium.ts';
import { findBin } from '../machine/package-bin.ts';
import { say } from '../machine/progress.mjs';

const root = path.resolve(import.meta.dirname, '../..');

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

const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    findBin('jest'),
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(chromium ? { CHROMIUM_BIN: chromium } : {}) },
  },
);
// Jest ends its workers itself when it is told to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => child.kill(signal));
}
process.on('disconnect', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
