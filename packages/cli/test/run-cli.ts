import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { processEnv } from '@leadwire/testing/process-env';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

export interface CliRun {
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  err: string;
}

/** One run of the CLI as a process of its own, with nothing in its environment but `env`. */
export async function runCli(env: Record<string, string>, ...args: string[]): Promise<CliRun> {
  const child = spawn(process.execPath, ['packages/cli/src/main.ts', ...args], {
    cwd: REPOSITORY,
    env: { ...processEnv, JOURNAL_DIR: '/nowhere', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = { code: -1, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (run.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { ...run, code };
}
