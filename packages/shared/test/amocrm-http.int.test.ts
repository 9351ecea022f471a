import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createAmoHttp,
  createAmoTransport,
  GoneError,
  type AmoRequest,
  type AmoTransport,
  type Blockade,
} from '@leadwire/shared/providers/amocrm/http';
import { requestTokens } from '@leadwire/shared/providers/amocrm/oauth';
import { AmbiguousError, ChannelStoppedError, TransientError } from '@leadwire/shared/errors';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const open: Blockade = {
  check: () => Promise.resolve(false),
  raise: () => Promise.resolve(new ChannelStoppedError('blocked')),
  clear: () => Promise.resolve(),
};

interface Given {
  blockade?: Blockade;
  paused?: number[];
}

async function transportTo(answer: RequestListener, given: Given = {}): Promise<AmoTransport> {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return createAmoTransport({
    baseUrl: `http://127.0.0.1:${port}`,
    limiter: {
      acquire: () => Promise.resolve(),
      pauseFor: (ms) => Promise.resolve(void given.paused?.push(ms)),
    },
    track: (_action, _context, call) => call(),
    blockade: given.blockade ?? open,
  });
}

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

const read: AmoRequest = { action: 'find_contacts', method: 'GET', path: '/api/v4/contacts' };
const readOne: AmoRequest = { action: 'read_deal', method: 'GET', path: '/api/v4/leads/5' };
const create: AmoRequest = {
  action: 'create_deal',
  method: 'POST',
  path: '/api/v4/leads/complex',
  isCreate: true,
  body: [{}],
};

const ask = async (request: AmoRequest, answer: RequestListener, given: Given = {}) => {
  const tokens = { current: () => Promise.resolve('t'), renew: () => Promise.resolve('t') };
  return createAmoHttp(await transportTo(answer, given), tokens).request(request);
};
const problem = (status: number) => answering(status, JSON.stringify({ title: 'x', status }));

describe('an address that is not the account’s stops the channel and gives nothing up', () => {
  test.each([
    ['a route that is not there', problem(404)],
    ['a redirect', answering(302, '', { location: 'https://elsewhere.example' })],
  ])('%s', async (_what, answer) => {
    await expect(ask(read, answer)).rejects.toThrow(ChannelStoppedError);
    await expect(ask(create, answer)).rejects.toThrow('AMOCRM_BASE_URL');
  });
});

test('a deal or contact that is not there is gone, which is no trouble of the account’s', async () => {
  await expect(ask(readOne, problem(404))).rejects.toThrow(GoneError);
  await expect(
    ask({ ...readOne, method: 'POST', path: '/api/v4/leads/5/notes' }, problem(404)),
  ).rejects.toThrow(GoneError);
});

describe('an answer that is not AmoCRM’s own (a front end’s page) gives nothing up', () => {
  test.each([400, 404, 413, 502])('with status %i', async (status) => {
    const page = answering(status, '<html><h1>nginx</h1></html>');
    await expect(ask(read, page)).rejects.toThrow(TransientError);
    await expect(ask(create, page)).rejects.toThrow(AmbiguousError);
  });

  test('says nothing about a refresh token', async () => {
    const transport = await transportTo(answering(401, '<html>401</html>'));
    const client = { clientId: 'c', clientSecret: 's', redirectUri: 'https://leadwire.kz' };
    const grant = { grant_type: 'refresh_token', refresh_token: 'r' } as const;
    await expect(requestTokens(transport, client, grant, { version: 2 })).rejects.toThrow(
      TransientError,
    );
  });
});

test('a 429 that asks for days is tried again after a quarter of an hour', async () => {
  const paused: number[] = [];
  const tooMany = answering(429, JSON.stringify({ status: 429, retry_after: 999_999 }));
  await expect(ask(read, tooMany, { paused })).rejects.toThrow(TransientError);
  expect(paused).toEqual([15 * 60_000]);
});

describe('a block', () => {
  test('is lifted by its probe alone, not by what had left before it', async () => {
    let cleared = 0;
    const blockade = { ...open, clear: () => Promise.resolve(void (cleared += 1)) };
    const fine = answering(200, '{}');
    await ask(read, fine, { blockade });
    expect(cleared).toBe(0);
    await ask(read, fine, { blockade: { ...blockade, check: () => Promise.resolve(true) } });
    expect(cleared).toBe(1);
  });

  test('that cannot be noted as over does not turn a create that happened into one that failed', async () => {
    const blockade: Blockade = {
      ...open,
      check: () => Promise.resolve(true),
      clear: () => Promise.reject(new TransientError('the broker is away', { outage: true })),
    };
    expect(await ask(create, answering(200, '[{"id":1}]'), { blockade })).toEqual([{ id: 1 }]);
  });
});
