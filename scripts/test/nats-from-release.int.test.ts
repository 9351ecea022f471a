import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { download } from '../machine/nats-from-release.ts';

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server) await once(server, 'close');
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}/nats-server.tar.gz`;
}

describe('the download of the release', () => {
  test('a host that takes the call and says nothing is given up', async () => {
    const url = await serve(() => undefined);
    await expect(download(url, 200)).rejects.toThrow('no answer in time');
  });

  test('a slow body is waited for, once the host has answered', async () => {
    const url = await serve((_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.end('archive'), 300);
    });
    expect(Buffer.from(await download(url, 200)).toString()).toBe('archive');
  });

  test('an answer that is not the file is named', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end());
    await expect(download(url)).rejects.toThrow('it answered 404');
  });

  test('a host that is not there is said to be unreachable', async () => {
    const url = await serve(() => undefined);
    server?.close();
    await expect(download(url)).rejects.toThrow('not reachable: ECONNREFUSED');
  });
});
