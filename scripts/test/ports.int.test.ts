import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isFree, pickPort } from '../stack/ports.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

async function occupy(host: string, port = 0): Promise<number> {
  const server = createServer();
  server.listen({ port, host });
  await once(server, 'listening');
  servers.push(server);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

describe('pickPort', () => {
  test('a port in use is passed over for the next free one', async () => {
    const used = await occupy('127.0.0.1');
    expect(await pickPort(used, new Set())).toBeGreaterThan(used);
  });

  test('a listener on all interfaces is in the way as well', async () => {
    expect(await isFree(await occupy('0.0.0.0'))).toBe(false);
  });

  test('two parts that want the same port get different ones', async () => {
    const free = await occupy('127.0.0.1');
    const taken = new Set<number>();
    const first = await pickPort(free, taken);
    expect(await pickPort(free, taken)).toBeGreaterThan(first);
  });
});
