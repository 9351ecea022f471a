/** Tokens from the command line to two replicas of a service, over a real broker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashToken } from '@leadwire/shared/contract/access-tokens';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess, type Access } from '@leadwire/shared/service/access';
import { startService, type RunningService } from '@leadwire/shared/service/service';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { runCli } from './run-cli.ts';

const STATUS = 'a-configured-token-of-status';
const env = {
  HOST: '0.0.0.0',
  ADMIN_TOKEN: 'an-admin-token-for-tests',
  TOKEN_HASHES: [{ scope: 'status' as const, hash: hashToken(STATUS) }],
};
const log = createLog('replica', 'silent');

let broker: TestBroker;
let replicas: { service: RunningService; access: Access }[];

beforeAll(async () => {
  broker = await startNats();
  replicas = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const bus = await openTestBus(broker, name);
      const access = createAccess(env, { bus, log });
      const metrics = createMetrics(name);
      return { access, service: await startService({ log, bus, metrics, port: 0, access }) };
    }),
  );
}, 60_000);
afterAll(async () => {
  await Promise.all(replicas.map(({ service }) => service.stop()));
  await broker.close();
});

const tokens = (...args: string[]) => runCli({ NATS_URL: broker.url }, 'tokens', ...args);
const made = async (name: string, ...scopes: string[]) => {
  const { out } = await tokens('add', name, '--scope', ...scopes, '--json');
  return JSON.parse(out) as { id: string; token: string };
};
/** What each replica answers to somebody who wants its metrics. */
const answers = (token: string) =>
  Promise.all(
    replicas.map(async ({ service }) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${service.url}/metrics`, { headers });
      return { status: response.status, text: await response.text() };
    }),
  );
const statuses = async (token: string) => (await answers(token)).map(({ status }) => status);
const until = (token: string, status: number) =>
  waitFor(async () => (await statuses(token)).every((each) => each === status), {
    what: `${status} from both replicas`,
  });

describe('a token', () => {
  test('opens what it is for on every replica, until it is revoked', async () => {
    const { id, token } = await made('prometheus', 'metrics');
    await until(token, 200);
    expect((await tokens('list')).out).toMatch(new RegExp(`${id} +prometheus +metrics .* valid`));
    const revoked = await tokens('revoke', 'prometheus', '--yes');
    expect(revoked).toMatchObject({ code: 0, out: expect.stringContaining(`(${id}) has ended`) });
    await until(token, 401);
    expect((await tokens('list')).out).not.toContain(id);
    expect((await tokens('list', '--all')).out).toMatch(new RegExp(`${id} .* ended `));
  });

  test('of another scope is refused with the name of the one that it lacks', async () => {
    const { token } = await made('site', 'status', 'platform');
    await until(token, 403);
    for (const { text } of [...(await answers(token)), ...(await answers(STATUS))]) {
      expect(JSON.parse(text)).toMatchObject({
        success: false,
        error: expect.stringContaining('metrics'),
      });
    }
    const [first] = replicas;
    await expect(first!.access.demand(`Bearer ${token}`, 'status')).resolves.toBe('site');
  });

  test('of the scope admin opens everything, and nobody else is let in', async () => {
    const { token } = await made('deputy', 'admin');
    await until(token, 200);
    expect(await statuses(env.ADMIN_TOKEN)).toEqual([200, 200]);
    for (const stranger of ['lw_abcdefgh_0123', `${token}0`, hashToken(token), hashToken(STATUS)]) {
      expect(await statuses(stranger)).toEqual([401, 401]);
    }
  });
});

test('two of a name are valid at once, so that one can replace the other; a third is refused', async () => {
  const [older, newer] = [await made('script', 'metrics'), await made('script', 'metrics')];
  await until(older.token, 200);
  await until(newer.token, 200);
  const third = await tokens('add', 'script', '--scope', 'metrics');
  expect(third).toMatchObject({ code: 1, err: expect.stringContaining(older.id) });
  expect((await tokens('revoke', 'script', '-y')).err).toContain(`${older.id} (older)`);
  expect((await tokens('revoke', older.id, '-y')).code).toBe(0);
  await until(older.token, 401);
  expect(await statuses(newer.token)).toEqual([200, 200]);
});

test('what cannot be meant is refused in words, and nothing is changed', async () => {
  expect(await tokens('revoke', 'nobody', '-y')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no valid token'),
  });
  expect(await tokens('add', 'No Name', '--scope', 'status')).toMatchObject({
    code: 1,
    err: expect.stringContaining('small letters'),
  });
  expect(await tokens('add', 'x', '--scope', 'everything')).toMatchObject({
    code: 2,
    err: expect.stringContaining('status, metrics'),
  });
  expect((await tokens('list')).out).not.toMatch(/No Name|everything/);
});

test('the broker holds no token, and the audit log says who did what', async () => {
  const { id, token } = await made('kept', 'status');
  const bus = await openTestBus(broker, 'look');
  try {
    const entry = await (await bus.bucket('access_tokens')).get('all');
    expect(entry?.string()).toContain(hashToken(token));
    expect(entry?.string()).not.toContain(token);
    const record = await bus.lastUnder('AUDIT', 'audit.token.added.*');
    expect(record?.event).toMatchObject({
      data: {
        actor: expect.stringMatching(/^cli:/),
        subject: id,
        result: 'done',
        details: { name: 'kept' },
      },
    });
    expect(JSON.stringify(record?.event)).not.toContain(hashToken(token));
  } finally {
    await bus.drain();
  }
});

test('without the broker a token is what it was before, and the configured ones are good', async () => {
  const { token } = await made('outage', 'metrics');
  await until(token, 200);
  await broker.kill();
  try {
    expect(await statuses(token)).toEqual([200, 200]);
    expect(await statuses(env.ADMIN_TOKEN)).toEqual([200, 200]);
    expect(await statuses(`${token}0`)).toEqual([401, 401]);
  } finally {
    await broker.start();
  }
});
