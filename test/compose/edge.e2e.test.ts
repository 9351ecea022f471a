/** The running edge, looked at from outside: what is open, what it says of itself, and what a part behind it reaches. */
import { execFile } from 'node:child_process';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

const DOMAIN = 'leads.localhost';
const CONSOLE = `console.${DOMAIN}`;
const run = promisify(execFile);

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

describeWithCompose('the edge, from outside', () => {
  let stack: ComposeStack;
  let ports: { http: number; https: number };
  beforeAll(async () => {
    const [http, https] = await Promise.all([freePort(), freePort()]);
    ports = { http, https };
    const edge = {
      COMPOSE_PROFILES: 'local,edge',
      DOMAIN,
      EDGE_TLS: 'internal',
      EDGE_HTTP_PORT: String(http),
      EDGE_HTTPS_PORT: String(https),
    };
    stack = await startStack({ env: edge });
  }, 20 * 60_000);
  afterAll(() => stack?.remove(), 120_000);

  const ask = (host: string, path: string, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: ports.https,
        servername: host,
        headers: { host },
        // Its authority is Caddy's own: made a minute ago.
        rejectUnauthorized: false,
      };
      const sent = request({ ...options, path, method }, (answer) => {
        answer.resume();
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers }),
        );
      });
      sent.once('error', reject);
      sent.end();
    });
  /** Whether the part opens a connection to another; what it says when not. */
  const reaches = (part: string, host: string, port: number) => {
    const look = `require('node:net').connect(${port}, '${host}').on('connect', () => { console.log('open'); process.exit() }).on('error', (e) => { console.log(e.code); process.exit() })`;
    return stack.compose('exec', '-T', part, 'node', '-e', look).then((said) => said.trim());
  };

  test('answers with https alone, and with no name that is not its own', async () => {
    await waitFor(async () => (await ask(DOMAIN, '/s/none')).status === 404, {
      timeoutMs: 120_000,
      what: 'a certificate',
    });
    const plain = await fetch(`http://127.0.0.1:${ports.http}/s/none`, { redirect: 'manual' });
    expect(plain.status).toBe(404);
    await expect(ask('somebody.else', '/')).rejects.toThrow();
  }, 180_000);

  test('says with every answer what browsers may do, and of itself nothing', async () => {
    const answers = await Promise.all([
      ask(DOMAIN, '/'),
      ask(DOMAIN, '/s/none'),
      ask(DOMAIN, '/u/none'),
      ask(CONSOLE, '/'),
      ask(CONSOLE, '/login'),
    ]);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
        'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      });
      expect(headers['x-frame-options'] ?? headers['content-security-policy']).toBeDefined();
      expect([headers['server'], headers['via'], headers['x-powered-by']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  test('passes on what is for strangers, and nothing else is there', async () => {
    const inside = ['/metrics', '/readyz', '/docs', '/api/campaigns', '/api/platform/students'];
    for (const path of inside)
      expect([path, (await ask(DOMAIN, path)).status]).toEqual([path, 404]);
    for (const path of ['/metrics', '/readyz']) expect((await ask(CONSOLE, path)).status).toBe(404);
    // No form, and no signature: somebody behind the edge has answered.
    expect((await ask(DOMAIN, '/api/landing/proftest', 'POST')).status).toBe(400);
    expect((await ask(DOMAIN, '/api/webhooks/resend', 'POST')).status).toBe(401);
    expect((await ask(CONSOLE, '/')).status).toBeLessThan(400);
  });

  test('a part behind it reaches none of the others that stand there', async () => {
    expect(await reaches('landing-api', 'nats', 4222)).toBe('open');
    for (const [host, port] of [
      ['console', 3106],
      ['telegram-relay', 3104],
      ['mailer-batch', 3105],
      ['supabase-local', 4001],
    ] as const) {
      expect([host, await reaches('landing-api', host, port)]).toEqual([
        host,
        expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
      ]);
    }
  }, 120_000);

  test('a scan finds its two ports; all others of the stack are for this machine alone', async () => {
    const lines = (await stack.compose('ps', '--format', '{{.Service}} {{.Ports}}')).split('\n');
    const open = lines.filter((line) => /(0\.0\.0\.0|\[::\]):/.test(line));
    expect(open.map((line) => line.split(' ')[0])).toEqual(['edge']);
    // Every port of its container, from beside it: what a machine without a firewall would show.
    const [edge] = (await stack.compose('ps', '--quiet', 'edge')).trim().split('\n');
    const networks = await stack.docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', edge!); // prettier-ignore
    const [address = ''] = networks.trim().split(' ');
    const scan = await run('nmap', ['-n', '-Pn', '-p-', address]).catch(() => undefined);
    if (scan === undefined) {
      process.stderr.write('No nmap on this machine: the scan was left out.\n');
      return;
    }
    const found = [...scan.stdout.matchAll(/^(\d+)\/tcp +open/gm)].map(([, port]) => port);
    process.stdout.write(`nmap finds of the edge: ${found.join(', ')}\n`);
    expect(found).toEqual(['80', '443']);
  }, 180_000);
});
