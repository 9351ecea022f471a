/** The page that fires builders' requests: the real request arrives where landing-api would be. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSandboxEnv, sandboxOptionsFrom } from '../src/env.ts';
import { startSandbox, type Sandbox } from '../src/sandbox.ts';
import { builders } from '../src/senders/builders.ts';

const arrived: { url: string; type: string; body: string }[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    arrived.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', body });
    response.end('ok <b>');
  });
});
let sandbox: Sandbox;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const LANDING_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sandbox = await startSandbox(sandboxOptionsFrom(readSandboxEnv({ PORT: '0', LANDING_API_URL })));
});
afterAll(async () => {
  await sandbox.close();
  server.close();
});

const fire = (fields: Record<string, string>) =>
  fetch(`${sandbox.url}/senders/`, { method: 'POST', body: new URLSearchParams(fields) });
const person = {
  name: 'Айсулу',
  phone: '87000000101',
  email: 'a@mail.leadwire-sample.kz',
  id: '1:1',
};

describe('the page of senders', () => {
  test('has a button for every builder', async () => {
    const page = await (await fetch(`${sandbox.url}/senders`)).text();
    for (const { id } of builders) expect(page).toContain(`value="${id}"`);
  });

  test('sends what the builder sends, with the form’s key, and shows the answer', async () => {
    const page = await fire({ ...person, builder: 'tilda', form: 'demo', secret: 'k' });
    expect(await page.text()).toContain('200 ok &lt;b&gt;');
    expect(arrived.at(-1)).toMatchObject({
      url: '/api/forms/demo?key=k',
      type: 'application/x-www-form-urlencoded; charset=utf-8',
    });
    expect(arrived.at(-1)!.body).toContain('tranid=1%3A1');
  });

  test('goes nowhere but to a form', async () => {
    const page = await fire({ ...person, builder: 'tilda', form: '../status', secret: '' });
    expect(await page.text()).toContain('форма: латинские буквы');
    expect(arrived).toHaveLength(1);
  });
});
