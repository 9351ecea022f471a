/**
 * `npm run leadwire -- <command>`: the CLI with the addresses and keys of the stack that `npm start` runs
 * here, if it runs. Over them go `.env` and the caller's environment, as they do in `npm start` itself.
 */
import path from 'node:path';
import { readDotEnv } from '../stack/dev-stack.ts';
import { isRunning, readRunFile } from '../stack/run-file.ts';

const root = path.resolve(import.meta.dirname, '../..');

function runningStack(): NodeJS.ProcessEnv {
  const dataDir = process.env['LEADWIRE_DATA_DIR'] ?? path.join(root, '.data');
  const run = readRunFile(path.resolve(dataDir, 'run.json'));
  return run?.env && isRunning(run.supervisor) ? run.env : {};
}

const own = { ...runningStack(), ...readDotEnv(path.join(root, '.env')) };
for (const [name, value] of Object.entries(own)) process.env[name] ??= value;
await import('@leadwire/cli/main');
