/** The forms page's own side: what it serves, and that the admin token stays in the process. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readSandboxEnv, sandboxOptionsFrom } from '../src/env.ts';
import { startSandbox } from '../src/sandbox.ts';

const LEAD_ID = '3f0c9f5e-2d1b-5c7a-9a44-0d6f4a2b1c3d';
const TOKEN = 'a-token-that-stays-inside';

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

/** A sandbox as `npm start` makes one from these variables. */
async function sandboxWith(env: Record<string, string>): Promise<string> {
  const sandbox = await startSandbox(sandboxOptionsFrom(readSandboxEnv({ PORT: '0', ...env })));
  closers.push(() => sandbox.close());
  return sandbox.url;
}

/** Stands where landing-api would; `answer` says what it says. */
async function apiThat(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const statusOf = (url: string, leadId = LEAD_ID) =>
  fetch(`${url}/forms/api/leads/${leadId}/status`);

describe('the page', () => {
  test('is served with everything that it names, under a policy that lets nothing else run', async () => {
    const url = await sandboxWith({ LANDING_API_URL: 'http://127.0.0.1:3999' });
    const page = await fetch(`${url}/forms`);
    expect(page.status).toBe(200);
    expect(page.url).toBe(`${url}/forms/`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:3999;");

    const toRead = [page.url];
    const read = new Set<string>();
    while (toRead.length > 0) {
      const address = toRead.pop() ?? '';
      const response = await fetch(address);
      expect([address, response.status]).toEqual([address, 200]);
      read.add(address);
      const named = (await response.text()).matchAll(
        /(?:src="|href="|from ')([\w./-]+\.(?:js|css|svg))/g,
      );
      toRead.push(
        ...[...named]
          .map(([, file = '']) => new URL(file, address).href)
          .filter((each) => !read.has(each)),
      );
    }
    expect([...read].filter((each) => each.endsWith('.js')).length).toBeGreaterThan(1);
  });

  test('learns where browsers reach the API, and never the token', async () => {
    const url = await sandboxWith({
      LANDING_API_URL: 'http://landing-api:3000/',
      PUBLIC_BASE_URL: 'http://localhost:3000',
      ADMIN_TOKEN: TOKEN,
    });
    const config = await (await fetch(`${url}/forms/config.json`)).text();
    expect(JSON.parse(config)).toEqual({ apiUrl: 'http://localhost:3000', hasStatus: true });
  });

  test('opens without its settings and can tell what is missing', async () => {
    const url = await sandboxWith({});
    expect((await fetch(`${url}/forms/`)).status).toBe(200);
    expect(await (await fetch(`${url}/forms/config.json`)).json()).toEqual({
      apiUrl: null,
      hasStatus: false,
    });
    expect((await statusOf(url)).status).toBe(503);
  });
});

describe('the status of a lead', () => {
  test('is asked for with the token and handed on as it is', async () => {
    const asked: unknown[] = [];
    const api = await apiThat((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"success":false}');
    });
    const response = await statusOf(
      await sandboxWith({ LANDING_API_URL: api, ADMIN_TOKEN: TOKEN }),
    );
    expect(asked).toEqual([`/api/landing/leads/${LEAD_ID}/status`, `Bearer ${TOKEN}`]);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ success: false });
  });

  test.each(['..%2F..%2Fmetrics', 'x', `${LEAD_ID}%3F`])(
    'is not asked for under %s, which is no id',
    async (leadId) => {
      let calls = 0;
      const api = await apiThat((_request, response) => {
        calls += 1;
        response.end('{}');
      });
      const url = await sandboxWith({ LANDING_API_URL: api, ADMIN_TOKEN: TOKEN });
      expect((await statusOf(url, leadId)).status).toBe(400);
      expect(calls).toBe(0);
    },
  );

  test('is a 502 where the API refuses the token, answers no JSON, or is not there', async () => {
    const refusing = await apiThat((_request, response) => response.writeHead(401).end('{}'));
    const babbling = await apiThat((_request, response) => response.end('<html>'));
    for (const api of [refusing, babbling, 'http://127.0.0.1:9']) {
      const response = await statusOf(
        await sandboxWith({ LANDING_API_URL: api, ADMIN_TOKEN: TOKEN }),
      );
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ success: false });
    }
  });
});
