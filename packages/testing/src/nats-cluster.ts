import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './nats.ts';
import { waitFor } from './wait-for.ts';

export interface TestCluster {
  /** All three, as NATS_URL takes them. */
  url: string;
  /** SIGKILL to broker 0, 1 or 2. */
  kill(index: number): Promise<void>;
  /** Starts it again on its own storage. */
  start(index: number): Promise<void>;
  /** Ends all and removes their storage. */
  close(): Promise<void>;
}

const SIZE = 3;

/**
 * Three brokers that keep copies for each other, on storage of their own.
 * @throws when NATS_SERVER_BIN is not set (test/global-setup.ts finds one).
 */
export async function startNatsCluster(): Promise<TestCluster> {
  const binary = process.env['NATS_SERVER_BIN'];
  if (!binary) throw new Error('NATS_SERVER_BIN is not set: run the tests with npm test');
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-cluster-'));
  const indexes = Array.from({ length: SIZE }, (_, index) => index);
  const ports = await Promise.all(indexes.flatMap(() => [freePort(), freePort(), freePort()]));
  const portsOf = (index: number) => ports.slice(index * 3, index * 3 + 3);
  const routes = indexes.map((index) => `"nats-route://127.0.0.1:${portsOf(index)[1]}"`);
  const children: ChildProcess[] = [];

  const start = async (index: number): Promise<void> => {
    const [port, routePort, monitorPort] = portsOf(index);
    const config = join(folder, `${index}.conf`);
    await writeFile(
      config,
      [
        `server_name: n${index}`,
        `listen: "127.0.0.1:${port}"`,
        `http: "127.0.0.1:${monitorPort}"`,
        `jetstream { store_dir: "${folder}/${index}", sync_interval: always }`,
        `cluster { name: test, listen: "127.0.0.1:${routePort}", routes: [${routes.join(', ')}], no_advertise: true }`,
      ].join('\n'),
    );
    children[index] = spawn(binary, ['-c', config], { stdio: 'ignore' });
  };
  /** Its copies are current, and somebody leads. */
  const healthy = (index: number) =>
    waitFor(async () => (await fetch(`http://127.0.0.1:${portsOf(index)[2]}/healthz`)).ok, {
      timeoutMs: 60_000,
      what: `broker ${index} to be healthy`,
    });
  const kill = async (index: number): Promise<void> => {
    const child = children[index];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };

  await Promise.all(indexes.map(start));
  await Promise.all(indexes.map(healthy));
  return {
    url: indexes.map((index) => `nats://127.0.0.1:${portsOf(index)[0]}`).join(','),
    kill,
    async start(index) {
      await start(index);
      await healthy(index);
    },
    async close() {
      await Promise.all(indexes.map(kill));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
