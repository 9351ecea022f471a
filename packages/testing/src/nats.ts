import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestBroker } from './test-broker.ts';
import { waitFor } from './wait-for.ts';

export interface NatsOptions {
  /** What its streams may take, in the broker's words (`16MB`); without limit when left out. */
  maxStore?: string;
}

/**
 * A nats-server of its own for one test file: free port, storage of its own, every message synced before it is
 * acknowledged, as in production. With TEST_NATS=container it is the image that production uses.
 * @throws when NATS_SERVER_BIN is not set (test/global-setup.ts finds one), or no Docker engine answers.
 */
export async function startNats({ maxStore }: NatsOptions = {}): Promise<TestBroker> {
  const limit = maxStore === undefined ? '' : `, max_file_store: ${maxStore}`;
  if (process.env['TEST_NATS'] !== 'container') return startNatsProcess(limit);
  // Only then: loading the library takes longer than most tests.
  const { startNatsContainer } = await import('./nats-container.ts');
  return startNatsContainer(await freePort(), limit);
}

async function startNatsProcess(limit: string): Promise<TestBroker> {
  const binary = process.env['NATS_SERVER_BIN'];
  if (!binary) throw new Error('NATS_SERVER_BIN is not set: run the tests with npm test');
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-nats-'));
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  await writeFile(
    config,
    `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${folder}/store", sync_interval: always${limit} }\n`,
  );
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const logFile = join(folder, 'nats.log');
    child = spawn(binary, ['-c', config, '-l', logFile], { stdio: 'ignore' });
    await waitFor(async () => (await readFile(logFile, 'utf8')).includes('Server is ready'), {
      what: 'nats-server to be ready',
    });
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await rm(join(folder, 'nats.log'), { force: true });
  };

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    storeDir: join(folder, 'store'),
    pid: () => child?.pid,
    start,
    kill,
    async close() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Linux hands out ports from 32768 on by itself (ip_local_port_range), the stack of `npm start` has those below 10000. */
const PORTS = { from: 10_000, to: 32_767 };
const TRIES = 20;

/**
 * A port that nobody listens on at this moment, and that the system gives to nobody by itself until it is used.
 * @throws what listening says, when no try found one
 */
export async function freePort(): Promise<number> {
  for (let left = TRIES; ; left -= 1) {
    const port = randomInt(PORTS.from, PORTS.to + 1);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch (thrown) {
      if (left <= 1) throw thrown;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
