import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface FakeNats {
  readonly url: string;
  close(): Promise<void>;
}

export interface FakeNatsOptions {
  port?: number;
  version?: string;
  /** Answers every login with this error and hangs up: `Authorization Violation`. */
  refusal?: string;
}

/**
 * The handshake of a nats-server and nothing more, for what a real one cannot be made to do: to be
 * old, or to refuse a login in the middle of the day.
 */
export async function startFakeNats(options: FakeNatsOptions = {}): Promise<FakeNats> {
  const { port = 0, version = '2.15.0', refusal } = options;
  const sockets = new Set<Socket>();
  const info = { server_id: 'fake', version, proto: 1, headers: true, max_payload: 1_048_576 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (bytes) => {
      const text = bytes.toString();
      if (refusal !== undefined) socket.end(`-ERR '${refusal}'\r\n`);
      else if (text.includes('PING')) socket.write('PONG\r\n');
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `nats://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}
