import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { envSchema } from '@leadwire/cli/env';
import { runCli as run } from '@leadwire/cli/program';
import { readEnv } from '@leadwire/shared/runtime/env';
import { processEnv } from '@leadwire/testing/process-env';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

export interface CliRun {
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  err: string;
}

const runs = new AsyncLocalStorage<CliRun>();

/** What a run writes is its own, also when several run at once; everybody else writes as before. */
function keepApart(stream: NodeJS.WriteStream, where: 'out' | 'err'): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const mine = runs.getStore();
    if (!mine) return write(chunk, ...rest);
    mine[where] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  // As in a pipe, wherever the tests run.
  stream.isTTY = false;
}
keepApart(process.stdout, 'out');
keepApart(process.stderr, 'err');
process.stdin.isTTY = false;

/** One run of the CLI, with nothing in its environment but `env`: the program itself, in this process. */
export function runCli(env: Record<string, string>, ...args: string[]): Promise<CliRun> {
  const mine = { code: -1, out: '', err: '' };
  const source = { JOURNAL_DIR: '/nowhere', ...env };
  return runs.run(mine, async () => {
    const code = await run(args, () => readEnv(envSchema, source));
    return { ...mine, code };
  });
}

/** The same as a process of its own, as a person starts it: seconds, where the other takes milliseconds. */
export async function spawnCli(env: Record<string, string>, ...args: string[]): Promise<CliRun> {
  const child = spawn(process.execPath, ['packages/cli/src/main.ts', ...args], {
    cwd: REPOSITORY,
    env: { ...processEnv, JOURNAL_DIR: '/nowhere', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const done = { code: -1, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (done.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (done.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { ...done, code };
}
