/** What the sandbox's tests have in common: a sandbox of their own, and calls as a client would make them. */
import { onTestFinished } from 'vitest';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox, type SandboxOptions } from '../src/sandbox.ts';

export const MOBIZON_KEY = 'kz0000000000000000000000000000000sandbox';

/** A sandbox with a stopped clock, closed after the test. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ seed: 1, ...options });
  onTestFinished(() => sandbox.close());
  await sandbox.control.freeze();
  return sandbox;
}

export const mail = (change: Record<string, unknown> = {}) => ({
  from: 'Leadwire <hello@leadwire.kz>',
  to: 'aigerim@pochta-almaty.kz',
  subject: 'Ваш результат',
  html: '<p>Готов</p>',
  ...change,
});

export type Answer<Body> = { status: number; headers: Headers; body: Body };

/** A call to Resend; a body that is a string goes as it is. */
export async function resend<Body = { id: string }>(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${sandbox.resendUrl}${path}`, {
    method,
    headers: {
      authorization: 'Bearer re_sandbox_key',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Body,
  };
}

export type ResendErrorBody = { statusCode: number; message: string; name: string };
export type Envelope<Data = unknown> = { code: number; data: Data; message: string };
export type SentSms = { campaignId: string; messageId: string; status: number };

/** A call to Mobizon with a form body. */
export async function mobizon<Data = unknown>(
  sandbox: Sandbox,
  method: string,
  form: Record<string, string> = {},
): Promise<Envelope<Data>> {
  const response = await fetch(`${sandbox.mobizonUrl}/service/${method}?output=json&api=v1`, {
    method: 'POST',
    body: new URLSearchParams({ apiKey: MOBIZON_KEY, ...form }),
  });
  return (await response.json()) as Envelope<Data>;
}

export const sms = (change: Record<string, string> = {}) => ({
  recipient: '77051234567',
  text: 'Ваш результат готов',
  ...change,
});

export type Received = { headers: IncomingHttpHeaders; body: string };

/** A receiver of webhooks that answers with the given statuses in turn, then 200; `headers` come with all of them. */
export async function openReceiver(
  statuses: number[] = [],
  headers: Record<string, string> = {},
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(statuses[received.length - 1] ?? 200, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

/** How a fetch failed: the code of the socket's error, or the name of the abort. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no failure';
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    return cause?.code ?? name;
  }
}
