/** The running edge, looked at from outside: what is open, what it says of itself, and what a part behind it reaches. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';
import { hostileRequests, waysTo, writeRaw, type Hostile } from './hostile-requests.ts';
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

  /** Which of the rows got another answer than they may, or one that tells what has answered. */
  const wrongOf = async (servername: string, rows: Hostile[]): Promise<string[]> => {
    const wrong: string[] = [];
    for (const [what, bytes, wanted] of rows) {
      const { statuses, said } = await writeRaw({ port: ports.https, servername }, bytes);
      if (wanted.test(statuses) && !/^(?:server|via|x-powered-by):/im.test(said)) continue;
      wrong.push(`${servername} ${what}: ${said.slice(0, 300)}`);
    }
    return wrong;
  };

  test('no way of writing an address leads to what is kept inside', async () => {
    const inside = ['/metrics', '/readyz', '/docs', '/api/landing/leads/0199/status'];
    const rows = inside.flatMap((page) => waysTo(page, DOMAIN));
    const ofConsole = ['/metrics', '/readyz'].flatMap((page) => waysTo(page, CONSOLE));
    expect(await wrongOf(DOMAIN, rows)).toEqual([]);
    expect(await wrongOf(CONSOLE, ofConsole)).toEqual([]);
  }, 180_000);

  test('requests with two ends, other hosts, too much of anything or no sense are refused', async () => {
    expect(await wrongOf(DOMAIN, hostileRequests(DOMAIN, CONSOLE))).toEqual([]);
  }, 180_000);

  test('also over HTTP/2, and with hundreds of requests taken back at once', async () => {
    const session = connectHttp2(`https://127.0.0.1:${ports.https}`, {
      servername: DOMAIN,
      rejectUnauthorized: false,
    });
    const statusOf = async (headers: Record<string, string>) => {
      const [answer] = (await once(session.request(headers), 'response')) as [
        { ':status': number },
      ];
      return answer[':status'];
    };
    const own = { ':authority': DOMAIN };
    expect(await statusOf({ ...own, ':path': '/metrics' })).toBe(404);
    expect(await statusOf({ ...own, ':path': '/s/..%2fmetrics' })).toBe(404);
    expect(await statusOf({ ':authority': CONSOLE, ':path': '/login' })).toBe(421);
    for (let n = 0; n < 300; n += 1) {
      const taken = session.request({ ...own, ':path': '/s/none' });
      taken.on('error', () => undefined).close(constants.NGHTTP2_CANCEL);
    }
    // It may end the whole connection then; who comes after is served.
    session.on('error', () => undefined).destroy();
    expect((await ask(DOMAIN, '/s/none')).status).toBe(404);
  }, 60_000);

  test('whoever sends slowly is let go, and nobody waits for them', async () => {
    const https = { port: ports.https, servername: DOMAIN };
    const silent = connectPlain(ports.https, '127.0.0.1');
    const begun = `POST /api/landing/proftest HTTP/1.1\r\nHost: ${DOMAIN}\r\n`;
    const slow = Promise.all([
      writeRaw(https, begun, 'X-Slow: 1\r\n'),
      writeRaw(
        https,
        `${begun}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n`,
        ' ',
      ),
      writeRaw(https, ''),
      once(silent.on('error', () => undefined).resume(), 'close'),
    ]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(DOMAIN, '/s/none')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 404));
    const [head, body, nothing] = await slow;
    // Each is over: with a refusal, or without a word.
    for (const { statuses } of [head, body, nothing]) expect(statuses).toMatch(/^(?:|4\d\d|502)$/);
  }, 180_000);

  test('speaks TLS of today alone, and http says nothing but where https is', async () => {
    const secured = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const versions = { minVersion: version, maxVersion: version };
        const legacy = { ...versions, ciphers: 'DEFAULT@SECLEVEL=0', servername: DOMAIN };
        const socket = connectTls(ports.https, '127.0.0.1', {
          ...legacy,
          rejectUnauthorized: false,
        });
        socket.once('secureConnect', () => (resolve(socket.getProtocol() ?? ''), socket.destroy()));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      });
    const said = [];
    for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)
      said.push(await secured(version));
    const refused = 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION';
    expect(said).toEqual([refused, refused, 'TLSv1.2', 'TLSv1.3']);
    const led = async (host: string, path: string) => {
      const socket = connectPlain(ports.http, '127.0.0.1');
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      await once(socket, 'close');
      return `${answer.slice(9, 12)} ${/^location: (.*)\r$/im.exec(answer)?.[1] ?? ''}`;
    };
    expect(await led(DOMAIN, '//evil.example/a')).toBe(`308 https://${DOMAIN}//evil.example/a`);
    expect(await led(DOMAIN, '/%0d%0aSet-Cookie:a=b')).toBe(
      `308 https://${DOMAIN}/%0d%0aSet-Cookie:a=b`,
    );
    expect(await led('evil.example', '/')).toBe('404 ');
    expect(await led('evil.example', `http://${DOMAIN}/`)).toBe(`308 https://${DOMAIN}/`);
  }, 60_000);

  test('and after all of it a form is taken, by parts that never had to start again', async () => {
    const form = '{"name":"Дана","phone":"+77000000418"}';
    const head = `Host: ${DOMAIN}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(form)}`;
    const bytes = Buffer.from(form).toString('latin1');
    const { statuses } = await writeRaw(
      { port: ports.https, servername: DOMAIN },
      `POST /api/landing/proftest HTTP/1.1\r\n${head}\r\n\r\n${bytes}`,
    );
    expect(statuses).toBe('201');
    const parts = await stack.compose('ps', '--quiet', 'edge', 'landing-api', 'console');
    const again = await stack.docker(
      'inspect',
      '--format',
      '{{.RestartCount}}',
      ...parts.trim().split('\n'),
    );
    expect(again.trim().split('\n')).toEqual(['0', '0', '0']);
  }, 60_000);

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
    const networks = await stack.docker(
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}',
      edge!,
    );
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
