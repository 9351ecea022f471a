/**
 * Resend's two routes for sending, one mail and a batch, and Mobizon's for sending to many, as far as a benchmark needs
 * them: it keeps the limit, answers ids, and remembers who was written to and when calls came, but no message. The sandbox
 * keeps every mail, which for 100,000 of them is gigabytes.
 *
 * Runs as a thread of its own (`counting-provider.ts` starts it): the times that it notes are of the calls, and not of
 * the moment when a database in the same event loop was done.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { createCountingMobizon } from './counting-mobizon.ts';

const WINDOW_MS = 1_000;

/** What the bench says; `seen` is answered with a `Seen`, `arrivals` with `Arrivals`. */
export type Command = { do: 'restart'; limit: number } | { do: 'seen' } | { do: 'arrivals' };

/** Address or number -> when the first call that sent to it began to arrive, in Unix milliseconds. */
export type Arrivals = ReadonlyMap<string, number>;

export interface Seen {
  calls: number;
  /** Calls over the limit, which were refused. */
  refused: number;
  /** The most calls in any second, wherever it begins. */
  mostInASecond: number;
  /** Addresses and numbers that a message went to. */
  addresses: number;
  /** Messages to somebody who had one already. */
  doubled: number;
  /** When the first and the last call began to arrive, in Unix milliseconds; 0 before any came. */
  firstAt: number;
  lastAt: number;
}

let limit = 1;
let times: number[] = [];
let [firstAt, lastAt] = [0, 0];
let refused = 0;
let doubled = 0;
let arrivals = new Map<string, number>();
/** Idempotency key -> answer: a repeat sends nothing. */
let answers = new Map<string, string>();
let mobizon = createCountingMobizon((number) => note(number, Date.now()));

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [now, at] = [performance.now(), Date.now()];
  times.push(now);
  firstAt ||= at;
  lastAt = at;
  const isTooOften = times.slice(-limit - 1).filter((at) => at > now - WINDOW_MS).length > limit;
  const text = await textOf(request);
  if (isTooOften) refused += 1;
  if (request.url?.startsWith('/service/')) {
    return answer(response, 200, mobizon(request.url, new URLSearchParams(text), isTooOften));
  }
  if (isTooOften) {
    const name = 'rate_limit_exceeded';
    const body = JSON.stringify({ statusCode: 429, message: 'Too many requests', name });
    return answer(response, 429, body);
  }
  const key = String(request.headers['idempotency-key']);
  const known = answers.get(key);
  if (known !== undefined) return answer(response, 200, known);
  const sent = JSON.parse(text) as Mail | Mail[];
  const data = [sent].flat().map(({ to }) => {
    const [address = ''] = [to].flat();
    note(address, at);
    return { id: randomUUID() };
  });
  const body = JSON.stringify(Array.isArray(sent) ? { data } : data[0]);
  answers.set(key, body);
  answer(response, 200, body);
}

function note(contact: string, at: number): void {
  if (arrivals.has(contact)) doubled += 1;
  else arrivals.set(contact, at);
}

interface Mail {
  to: string | string[];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'ratelimit-policy': `${limit};w=1`,
    ...(status === 429 && { 'retry-after': '1' }),
  });
  response.end(body);
}

function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, at] of times.entries()) {
    while (at - (times[from] ?? at) >= WINDOW_MS) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

/** Forgets everything, and keeps another limit (calls in any second) from now on. */
function restart(next: number): void {
  limit = next;
  times = [];
  [firstAt, lastAt] = [0, 0];
  [refused, doubled] = [0, 0];
  arrivals = new Map();
  answers = new Map();
  mobizon = createCountingMobizon((number) => note(number, Date.now()));
}

function seen(): Seen {
  const counts = {
    calls: times.length,
    refused,
    doubled,
    addresses: arrivals.size,
    firstAt,
    lastAt,
  };
  return { ...counts, mostInASecond: mostInASecond(times) };
}

const server = createServer((request, response) => {
  take(request, response).catch(() => response.destroy());
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
parentPort?.postMessage(`http://127.0.0.1:${port}`);
parentPort?.on('message', (command: Command) => {
  if (command.do === 'restart') restart(command.limit);
  else parentPort?.postMessage(command.do === 'seen' ? seen() : arrivals);
});
