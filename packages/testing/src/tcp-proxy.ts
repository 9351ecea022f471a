import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a bad network does to a connection that stays open. */
export type Fault =
  /** Nothing comes back: what is sent arrives, its answer is lost. */
  | 'drop answers'
  /** Nothing passes in either direction, and nobody is told: a half-open connection. */
  | 'black hole';

export interface TcpProxy {
  /** Where to connect to instead of the target. */
  readonly port: number;
  /** From now on, for the connections that are open now; undefined: all is well again. Bytes are lost, not delayed. */
  spoil(fault: Fault | undefined): void;
  /** From now on every answer takes this many milliseconds longer, on new connections as well. */
  delayAnswers(ms: number): void;
  /** Cuts every open connection. New ones pass untouched. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Stands between a client and a server on this machine and breaks their connection on demand. With a
 * `port` of its own it can be missing first, as a server that is away, and come later.
 */
export async function startTcpProxy(targetPort: number, port = 0): Promise<TcpProxy> {
  interface Pair {
    client: Socket;
    server: Socket;
    fault: Fault | undefined;
  }
  const pairs = new Set<Pair>();
  let answerDelayMs = 0;

  const listener = createServer((client) => {
    const pair: Pair = { client, server: connect(targetPort, '127.0.0.1'), fault: undefined };
    pairs.add(pair);
    client.on('data', (bytes) => pair.fault !== 'black hole' && pair.server.write(bytes));
    // One after the other: a shorter delay must not overtake a longer one.
    let answers = Promise.resolve();
    pair.server.on('data', (bytes) => {
      const due = Date.now() + answerDelayMs;
      answers = answers.then(async () => {
        if (due > Date.now()) await delay(due - Date.now());
        if (pair.fault === undefined) client.write(bytes);
      });
    });
    for (const socket of [client, pair.server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        pair.server.destroy();
      });
    }
  });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');

  const cut = (): void => pairs.forEach(({ client }) => client.destroy());
  return {
    port: address.port,
    cut,
    delayAnswers: (ms) => {
      answerDelayMs = ms;
    },
    spoil: (fault) => pairs.forEach((pair) => (pair.fault = fault)),
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      cut();
      await closed;
    },
  };
}
