/**
 * `npm run e2e:compose`: builds the image, starts docker-compose.yml under a name of its own, sends a lead and waits
 * for its mail. Where no Docker engine answers, its tests are left out and counted as such. Arguments name single
 * files of test/compose/: `npm run e2e:compose -- scaled`, options are Vitest's. With LEADWIRE_E2E_BUILT=1 the image that
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
const options = given.filter((each) => each.startsWith('-'));
const parts = given.filter((each) => !each.startsWith('-')).map((name) => `test/compose/${name}`);
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
