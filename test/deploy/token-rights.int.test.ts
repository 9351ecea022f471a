/** Every scope of tokens, and those who have none, against every route of every service, as the services have them. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addToken, revokeToken } from '@leadwire/operations/tokens/tokens';
import type { Bus } from '@leadwire/shared/broker/bus';
import { hashToken, scopes, type Scope } from '@leadwire/shared/contract/access-tokens';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { startAllServices, type AllServices, type ServedRoute } from './all-services.ts';
import { root } from './configured-broker.ts';
import { OPENERS, type Opener } from './token-rights.ts';

const PLATFORM_TOKEN = 'a-platform-token-for-tests';
const CONFIGURED = 'a-configured-token-of-metrics';
const services = Object.keys(OPENERS);
/** Routes under way at once. */
const AT_ONCE = 8;

/** Somebody who asks: with what in the header, and which scopes they have; nobody is known by no scope at all. */
interface Asker {
  name: string;
  authorization?: string;
  scopes?: readonly Scope[];
}
interface Answer {
  status: number;
  error: string | undefined;
  location: string;
}

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
let all: AllServices;
let askers: Asker[];

beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
  const env = { ADMIN_TOKEN, PLATFORM_TOKEN, TOKEN_HASHES: `metrics:${hashToken(CONFIGURED)}` };
  all = await startAllServices({ broker, supabase, env });
  askers = [...strangers, await revoked(), ...configured, ...(await listed())];
}, 300_000);
afterAll(async () => {
  await all?.close();
  await bus?.drain();
  await Promise.all([broker?.close(), supabase?.close()]);
});

const strangers: Asker[] = [
  { name: 'nobody' },
  { name: 'a password', authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` },
  { name: 'a token made up', authorization: 'Bearer lw_abcdefgh_0123456789' },
  { name: 'a hash', authorization: `Bearer ${hashToken(ADMIN_TOKEN)}` },
];
const configured: Asker[] = [
  { name: 'ADMIN_TOKEN', authorization: `Bearer ${ADMIN_TOKEN}`, scopes: ['admin'] },
  { name: 'of TOKEN_HASHES', authorization: `Bearer ${CONFIGURED}`, scopes: ['metrics'] },
];
const parts = () => ({ bus, actor: 'test' });

/** Whether every service answers the asker's wish for its numbers with this status. */
const areAll = (status: number, asker: Asker) => async () => {
  const ofService = (service: string) => ask({ service, method: 'GET', url: '/metrics' }, asker);
  const answers = await Promise.all(services.map(ofService));
  return answers.every((answer) => answer.status === status);
};

/** Each scope alone, and all but the one that has everything. */
async function listed(): Promise<Asker[]> {
  const found: Asker[] = [];
  for (const own of [...scopes.map((scope) => [scope]), scopes.slice(0, -1)]) {
    const { token } = await addToken(parts(), { name: own.join('-'), scopes: own });
    found.push({ name: own.join(' and '), authorization: `Bearer ${token}`, scopes: own });
  }
  // Services hear of tokens in their order, a moment later: who takes the last one knows them all.
  await waitFor(areAll(200, found.at(-1)!), { what: 'the last token to be taken' });
  return found;
}

/** A token that opened everything at every service, and that no service takes any more. */
async function revoked(): Promise<Asker> {
  const { token, added } = await addToken(parts(), { name: 'former', scopes });
  const asker = { name: 'a revoked token', authorization: `Bearer ${token}` };
  await waitFor(areAll(200, asker), { what: 'the token to be taken' });
  await revokeToken(parts(), added.id);
  await waitFor(areAll(401, asker), { what: 'the token to be refused' });
  return asker;
}

let asked = 0;
/** As a program asks; the console as a form of its own would. Nothing that is sent means anything to a route. */
async function ask({ service, method, url }: ServedRoute, asker: Asker): Promise<Answer> {
  asked += 1;
  const path = url === '*' ? '/' : url.replace(/:id\b|:leadId|:messageId/, crypto.randomUUID());
  const isConsole = service === 'console';
  const response = await fetch(all.addresses[service] + path.replace(/:(\w+)|\*/g, 'none'), {
    method,
    redirect: 'manual',
    headers: {
      'content-type': isConsole ? 'application/x-www-form-urlencoded' : 'application/json',
      'sec-fetch-site': 'same-origin',
      'x-forwarded-for': `198.51.${(asked >> 8) & 255}.${asked & 255}`,
      ...(asker.authorization !== undefined && { authorization: asker.authorization }),
    },
    ...(!['GET', 'HEAD'].includes(method) && { body: isConsole ? 'none=' : '{}' }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const { error } = (isJson && text !== '' ? JSON.parse(text) : {}) as { error?: string };
  return { status: response.status, error, location: response.headers.get('location') ?? '' };
}

/** Whether the answer is what this asker is to be told. A refusal of HEAD has no words. */
function isRight(
  opener: Opener | 'no line',
  { scopes: own }: Asker,
  method: string,
  answer: Answer,
): boolean {
  const { status, error, location } = answer;
  const isRefused = [401, 403].includes(status);
  if (opener === 'no line') return status === 405;
  if (opener === 'nothing') return !isRefused && status < 500;
  if (opener === 'own proof') return status >= 400 && status < 500;
  if (opener === 'login')
    return status === 401 || (status === 303 && location.startsWith('/login'));
  if (own?.includes(opener) || own?.includes('admin')) return !isRefused && status < 500;
  if (method === 'HEAD') return status === (own === undefined ? 401 : 403);
  if (own === undefined) return status === 401 && error === 'unauthorized';
  return status === 403 && error?.endsWith(` ${opener}`) === true;
}

/** As the table writes it. */
const lineOf = ({ method, url }: ServedRoute): string =>
  `${method === 'HEAD' ? 'GET' : method} ${url.replace(/^\/assets\/.*/, '/assets/*')}`;

/** One of each kind: without anything, with the token that opens all, with one that opens little. */
const ONE_EACH = ['nobody', 'ADMIN_TOKEN', 'of TOKEN_HASHES'];

/** What whoever asks for the route was told amiss, one line for each asker. */
async function wrongAt(route: ServedRoute, everybody: readonly Asker[]): Promise<string[]> {
  // A new route has no line, and answers something.
  const opener = OPENERS[route.service]?.[lineOf(route)] ?? 'no line';
  // Fastify makes HEAD of GET, with the same hooks; and what is for everybody, or is not there, asks for nothing.
  const isForFew = route.method === 'HEAD' || ['nothing', 'no line'].includes(opener);
  const askers = isForFew ? everybody.filter(({ name }) => ONE_EACH.includes(name)) : everybody;
  const wrong: string[] = [];
  for (const asker of askers) {
    const answer = await ask(route, asker);
    if (isRight(opener, asker, route.method, answer)) continue;
    const { method, url } = route;
    wrong.push(`${method} ${url} (${opener}), ${asker.name}: ${JSON.stringify(answer)}`);
  }
  return wrong;
}

test('every service is in the table', () => {
  expect(services.toSorted()).toEqual(readdirSync(`${root}/services`).toSorted());
});

describe.each(services)('%s', (service) => {
  const routesOf = () => all.routes.filter((route) => route.service === service);

  test('has every route that the table has', () => {
    const served = new Set(routesOf().map(lineOf));
    expect(Object.keys(OPENERS[service]!).filter((line) => !served.has(line))).toEqual([]);
  });

  test('opens each of its routes to whoever has the scope, and tells everybody else which they lack', async () => {
    // A token of the platform is landing-api's own.
    const platform = service === 'landing-api' ? { scopes: ['platform'] as const } : {};
    const authorization = `Bearer ${PLATFORM_TOKEN}`;
    const everybody = [...askers, { name: 'PLATFORM_TOKEN', authorization, ...platform }];
    const waiting = routesOf();
    const wrong: string[] = [];
    const work = async (): Promise<void> => {
      for (let route = waiting.pop(); route !== undefined; route = waiting.pop()) {
        wrong.push(...(await wrongAt(route, everybody)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(wrong).toEqual([]);
  });
});
