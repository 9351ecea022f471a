/** What somebody who means harm writes to an https port, byte by byte, and what the edge may answer. */
import { connect } from 'node:tls';

/** A request as raw bytes, and the statuses of all answers that it may get; '' when the connection just ends. */
export type Hostile = [what: string, bytes: string, wanted: RegExp];

/** The lines of a request; one without a Host is for `host`. */
function request(host: string, line: string, ...headers: string[]): string {
  const own = headers.some((header) => /^host:/i.test(header)) ? [] : [`Host: ${host}`];
  return [line, ...own, 'Connection: close', ...headers, '', ''].join('\r\n');
}

/** 401 would be the door of what is kept inside. */
const NOT_THERE = /^(?:400|404|421)$/;

/** Ways to a page that is kept inside, past what looks at the path: `page` begins with a slash. */
export function waysTo(page: string, host: string): Hostile[] {
  const paths = [
    `/${page}`,
    `/.${page}`,
    `${page}/`,
    `${page};x`,
    `${page}%00`,
    `${page}%20`,
    `${page}%2f`,
    `${page}/.`,
    `/%${page.charCodeAt(1).toString(16)}${page.slice(2)}`,
    page.toUpperCase(),
    `/s/..${page}`,
    `/s/..;${page}`,
    `/s/%2e%2e${page}`,
    `/s/..%2f${page.slice(1)}`,
    `/s/..%252f${page.slice(1)}`,
    `/s/..%5c${page.slice(1)}`,
    `/s/x/../..${page}`,
    `/api/landing/proftest/../../..${page}`,
    `/api/webhooks/..%2f..${page}`,
    `https://${host}${page}`,
    `http://landing-api:3000${page}`,
  ];
  const asked = paths.map((path): Hostile => [
    path,
    request(host, `GET ${path} HTTP/1.1`),
    NOT_THERE,
  ]);
  const headers = ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Uri', 'X-Forwarded-Prefix'];
  const told = headers.map((name): Hostile => [
    name,
    request(host, 'GET / HTTP/1.1', `${name}: ${page}`),
    /^(?:404|30\d)$/,
  ]);
  return [...asked, ...told];
}

const FORM = 'POST /api/landing/proftest HTTP/1.1';
/** Sent behind what is taken for the end of a form by the one and for a part of it by the other. */
const inner = (host: string) => request(host, 'GET /metrics HTTP/1.1');
const JSON_BODY = 'Content-Type: application/json';

/** Two meanings of one request, so that what stands behind the edge could take its end for another one. */
function smuggled(host: string): Hostile[] {
  const form = (body: string, ...headers: string[]) =>
    request(host, FORM, JSON_BODY, ...headers).replace('Connection: close\r\n', '') + body;
  const chunked = 'Transfer-Encoding: chunked';
  // The one inside is answered as any other.
  return [
    ['CL and TE', form(`0\r\n\r\n${inner(host)}`, 'Content-Length: 5', chunked), /^400(?: 404)?$/],
    [
      'TE and CL',
      form(`0\r\n\r\n${inner(host)}`, chunked, 'Content-Length: 300'),
      /^400(?: 404)?$/,
    ],
    ['two CL', form(`{}${inner(host)}`, 'Content-Length: 2', 'Content-Length: 3'), /^400$/],
    ['CL with a sign', form('{}', 'Content-Length: +2'), /^400$/],
    ['CL as a list', form(`{}${inner(host)}`, 'Content-Length: 2, 2'), /^400(?: 404)?$/],
    [
      'a space before the colon',
      form(`0\r\n\r\n${inner(host)}`, 'Transfer-Encoding : chunked', 'Content-Length: 5'),
      /^400$/,
    ],
    ['an unknown TE', form(`0\r\n\r\n${inner(host)}`, 'Transfer-Encoding: xchunked'), /^501$/],
    [
      'two TE',
      form(`0\r\n\r\n${inner(host)}`, chunked, 'Transfer-Encoding: identity'),
      /^(?:400|501)$/,
    ],
    [
      'TE with a vertical tab',
      form(`0\r\n\r\n${inner(host)}`, 'Transfer-Encoding:\vchunked'),
      /^(?:400|501)$/,
    ],
    ['a size that is none', form('zz\r\n{}\r\n0\r\n\r\n', chunked), /^400$/],
    ['no size', form('\r\n{}\r\n0\r\n\r\n', chunked), /^400$/],
    ['a size beyond numbers', form('ffffffffffffffffff\r\n{}\r\n', chunked), /^400$/],
    [
      'a size with 9 KB behind it',
      form(`2;${'a'.repeat(9_216)}\r\n{}\r\n0\r\n\r\n`, chunked),
      /^400$/,
    ],
    ['a chunk without its end', form(`2\r\n{}X\r\n0\r\n\r\n${inner(host)}`, chunked), /^400$/],
    ['a trailer that is none', form('2\r\n{}\r\n0\r\nno header\r\n\r\n', chunked), /^400$/],
    [
      'a body of a GET',
      request(host, 'GET /s/none HTTP/1.1', `Content-Length: ${inner(host).length}`) + inner(host),
      /^404$/,
    ],
    [
      'h2c',
      request(
        host,
        'GET /s/none HTTP/1.1',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ).replace('close', 'Upgrade, HTTP2-Settings, close'),
      /^404$/,
    ],
    [
      'a web socket',
      request(
        host,
        'GET /s/none HTTP/1.1',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ).replace('close', 'Upgrade, close'),
      /^404$/,
    ],
  ];
}

/** Hosts that are not the one whose certificate was asked for, and requests that are none. */
function misshapen(host: string, other: string): Hostile[] {
  const get = (...headers: string[]) => request(host, 'GET /s/none HTTP/1.1', ...headers);
  return [
    ['another site of ours', get(`Host: ${other}`), /^421$/],
    ['a part inside', get('Host: landing-api:3000'), /^421$/],
    ['two hosts', get(`Host: ${host}`, 'Host: landing-api'), /^400$/],
    ['a host that is none', get('Host: a b/c'), /^400$/],
    ['no host', `GET /s/none HTTP/1.1\r\nConnection: close\r\n\r\n`, /^400$/],
    ['HTTP/1.0 without one', 'GET /s/none HTTP/1.0\r\n\r\n', /^(?:400|421)$/],
    ['HTTP/0.9', 'GET /metrics\r\n\r\n', /^400$/],
    ['HTTP/9.9', request(host, 'GET / HTTP/9.9'), /^(?:400|505)$/],
    ['no HTTP', '\u0000\u0001\u0002\r\n\r\n', /^400$/],
    ['a zero in a header', get('X-A: a\u0000b'), /^400$/],
    ['a header without a name', get(': x'), /^40[04]$/],
    ['CONNECT', request(host, 'CONNECT landing-api:3000 HTTP/1.1'), /^4\d\d$/],
    ['TRACE', request(host, 'TRACE /s/none HTTP/1.1', 'X-Secret: seen'), /^4\d\d$/],
    ['OPTIONS *', request(host, 'OPTIONS * HTTP/1.1'), /^(?:404|200)$/],
    ['a method of nobody', request(host, 'FROBNICATE /s/none HTTP/1.1'), /^4\d\d$/],
    ['DELETE', request(host, 'DELETE /api/landing/proftest HTTP/1.1'), /^40[45]$/],
    ['a header of 64 KB', get(`X-Long: ${'a'.repeat(65_536)}`), /^431$/],
    ['thousands of headers', get(...Array.from({ length: 5_000 }, (_, n) => `X-${n}: 1`)), /^431$/],
    ['an address of 64 KB', request(host, `GET /s/${'a'.repeat(65_536)} HTTP/1.1`), /^4(?:14|31)$/],
    [
      '2 MB',
      request(host, FORM, JSON_BODY, 'Content-Length: 2097152') + 'a'.repeat(2_097_152),
      /^413$/,
    ],
    [
      '2 MB in chunks',
      `${request(host, FORM, JSON_BODY, 'Transfer-Encoding: chunked')}200000\r\n${'a'.repeat(2_097_152)}\r\n0\r\n\r\n`,
      /^413$/,
    ],
    ['a terabyte, told', request(host, FORM, JSON_BODY, 'Content-Length: 1099511627776'), /^413$/],
    [
      'a body pressed twice',
      `${request(host, FORM, JSON_BODY, 'Content-Encoding: gzip', 'Content-Length: 2')}{}`,
      /^4\d\d$/,
    ],
  ];
}

/** All of it for the site `host`; `other` is a site of the same edge. */
export function hostileRequests(host: string, other: string): Hostile[] {
  return [...smuggled(host), ...misshapen(host, other)];
}

/**
 * Opens a connection for `servername`, writes the bytes and resolves with the statuses of all answers, and with what was
 * said, once the other side has ended it. `drip` is written again every second.
 */
export async function writeRaw(
  { port, servername }: { port: number; servername: string },
  bytes: string,
  drip?: string,
): Promise<{ statuses: string; said: string }> {
  // Its authority is Caddy's own.
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => (said += text));
  socket.write(Buffer.from(bytes, 'latin1'));
  const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), 1_000);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // It may end the connection while we still write: what it had said before counts.
    socket.once('error', () => undefined);
  });
  clearInterval(timer);
  const statuses = [...said.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => status);
  return { statuses: statuses.join(' '), said };
}
