/**
 * `npm run e2e:compose`: builds the image, starts docker-compose.yml under a name of its own, sends a lead and waits
 * for its mail. Where no Docker engine answers, its tests are left out and counted as such. Arguments name single
 * files of test/compose/: `npm run e2e:compose -- scaled`, options behind them are Vitest's. With LEADWIRE_E2E_BUILT=1 the image that
 * an earlier run has built is taken as it is.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { missingEngine } from '../machine/docker-engine.ts';
import { findBin } from '../machine/package-bin.ts';
import { say } from '../machine/progress.mjs';

const missing = await missingEngine();
if (missing) say(`LEFT OUT: the tests of docker compose did not run: ${missing}`);

const given = process.argv.slice(2);
// From the first option on all of it is Vitest's: `-t` has a value of its own.
const named = given.findIndex((each) => each.startsWith('-'));
const names = named < 0 ? given : given.slice(0, named);
const options = given.slice(names.length);
const parts = names.map((name) => `test/compose/${name}`);
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    findBin('vitest'),
    'run',
    '--no-file-parallelism',
    ...options,
    ...(parts.length > 0 ? parts : ['test/compose']),
  ],
  {
    cwd: path.resolve(import.meta.dirname, '../..'),
    stdio: 'inherit',
    env: { ...process.env, ...(!missing && { LEADWIRE_E2E_COMPOSE: '1' }) },
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => child.kill(signal));
}
process.on('disconnect', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
