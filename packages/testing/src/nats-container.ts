/** The broker as its image runs it, for TEST_NATS=container. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { GenericContainer, Wait } from 'testcontainers';
import type { TestBroker } from './test-broker.ts';
import { waitFor } from './wait-for.ts';

const IMAGE = 'nats:2.15-alpine';
const configWith = (limit: string) =>
  `port: 4222\njetstream { store_dir: "/data", sync_interval: always${limit} }\n`;
/** The container outlives its broker: without it a kill would take the network away before the connections are closed. */
const STAY = 'while :; do sleep 3600; done';
const START = 'nats-server -c /test.conf -P /broker.pid >/broker.log 2>&1 &';
const KILL = 'test ! -e /broker.pid || kill -9 "$(cat /broker.pid)"; rm -f /broker.pid';
const READY_MS = 30_000;
/** Without a broker behind it the engine's listener just closes, or says nothing. */
const GREETING_MS = 500;

/**
 * Starts it under a port of this machine that stays the same over `kill` and `start`, as does its storage.
 * @param limit more for the block of JetStream
 * @throws when no Docker engine answers or the image cannot be had.
 */
export async function startNatsContainer(port: number, limit = ''): Promise<TestBroker> {
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: 4222, host: port })
    .withCopyContentToContainer([{ content: configWith(limit), target: '/test.conf' }])
    .withEntrypoint(['sh', '-c', STAY])
    .withCommand([])
    // Nobody listens yet.
    .withWaitStrategy(Wait.forSuccessfulCommand('true'))
    .start();
  const shell = async (script: string): Promise<void> => {
    const { exitCode, output } = await container.exec(['sh', '-c', script]);
    if (exitCode !== 0) throw new Error(`in the broker's container: ${output}`);
  };
  const start = async (): Promise<void> => {
    await shell(START);
    await waitFor(() => greets(port), { timeoutMs: READY_MS, what: 'the broker to answer' });
  };

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    kill: () => shell(KILL),
    async close() {
      await container.stop({ timeout: 0 });
    },
  };
}

/** A broker speaks first; the engine's own listener takes connections also while nobody is behind it. */
async function greets(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(GREETING_MS);
  const socket = connect({ host: '127.0.0.1', port });
  try {
    const [first] = (await once(socket, 'data', { signal })) as [Buffer];
    return first.toString().startsWith('INFO');
  } finally {
    socket.destroy();
  }
}
