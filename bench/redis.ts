/** A Redis that has each change on disk before it answers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@leadwire/testing/nats';
import type { RedisServer } from '../scripts/machine/redis-server.ts';

const READY_MS = 20_000;

export interface Redis {
  port: number;
  pid: number | undefined;
  close(): Promise<void>;
}

/**
 * Snapshots and rewrites of the log are off: a real one makes them now and then, and a short run would be luck.
 * @throws when it is not ready in time.
 */
export async function startRedis({ binary, env }: RedisServer): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-redis-'));
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'auto-aof-rewrite-percentage': '0',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(binary, flags, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('Ready to accept connections')) ready.resolve();
  });
  const tooLate = AbortSignal.timeout(READY_MS);
  tooLate.addEventListener('abort', () => ready.reject(new Error('redis-server is not ready')));
  child.once('exit', () => ready.reject(new Error('redis-server ended')));
  try {
    await ready.promise;
    return { port, pid: child.pid, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
