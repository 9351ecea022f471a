import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { startService, type ServiceOptions } from '@leadwire/shared/service/service';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { startFakeNats } from '@leadwire/testing/fake-nats';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';

const ENTRY = 'packages/shared/test/fixtures/service.ts';
const log = createLog('service-test', 'silent');

let broker: TestBroker;
let bus: Bus;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'service-test');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await (await bus.manager()).streams.purge('NOTIFICATIONS');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

async function run(
  env: Record<string, string> = {},
  until: 'ready' | 'listening' = 'ready',
): Promise<ServiceProcess> {
  const all = { NATS_URL: broker.url, ...env };
  const service = await startServiceProcess({ entry: ENTRY, env: all, until });
  cleanups.push(() => service.kill());
  return service;
}

async function startHere(options: Partial<ServiceOptions> & { url?: string } = {}) {
  const { url = broker.url, ...more } = options;
  const own = openBus({ url, name: 'here', log });
  const metrics = createMetrics('here');
  const service = await startService({ log, bus: own, metrics, port: 0, ...more });
  cleanups.push(() => service.stop());
  return { service, own };
}

async function publishDue(): Promise<void> {
  const event = leadCreated(someLead());
  await bus.publish(subjects.notifyDue('sms', event.subject), event);
}

const readiness = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  const { problem } = (await response.json()) as { problem?: string };
  return { status: response.status, problem };
};
const wrote = (service: ServiceProcess, msg: string) =>
  waitFor(() => service.logs.find((line) => line.msg === msg), { what: `"${msg}" in the log` });

describe('a service process', () => {
  test('after SIGTERM finishes what is under way, settles it and exits 0', async () => {
    const service = await run({ HANDLE_MS: '700' });
    await publishDue();
    await wrote(service, 'begun');
    const stopped = service.stop();
    await waitFor(async () => (await readiness(service.url)).problem === 'stopping');
    expect(await stopped).toBe(0);
    await wrote(service, 'done');
    expect(await bus.lastUnder('NOTIFICATIONS', '>')).toBeUndefined();
  });

  test('stops with 0 although the broker is away', async () => {
    const service = await run();
    await broker.kill();
    await waitFor(async () => (await readiness(service.url)).status === 503);
    expect(await service.stop()).toBe(0);
    await broker.start();
    await waitFor(() => bus.isConnected());
  });

  test('leaves the message of a killed process to the next one', async () => {
    const manager = await bus.manager();
    await manager.consumers.update('NOTIFICATIONS', 'notifier-sms', { ack_wait: 1_000_000_000 });
    const first = await run({ HANDLE_MS: '60000' });
    // It has applied the topology and with it the long ack wait.
    await manager.consumers.update('NOTIFICATIONS', 'notifier-sms', { ack_wait: 1_000_000_000 });
    await publishDue();
    await wrote(first, 'begun');
    await first.kill();
    await waitFor(async () => {
      const info = await manager.consumers.info('NOTIFICATIONS', 'notifier-sms');
      return info.num_ack_pending === 1;
    });
    const second = await run();
    await manager.consumers.update('NOTIFICATIONS', 'notifier-sms', { ack_wait: 1_000_000_000 });
    await wrote(second, 'done');
  }, 40_000);

  test('exits 1 when its connection is over for good', async () => {
    const service = await run();
    await broker.kill();
    const port = Number(new URL(broker.url).port);
    const impostor = await startFakeNats({ port, refusal: 'Authorization Violation' });
    expect(await service.exited).toBe(1);
    await wrote(service, 'cannot go on');
    await impostor.close();
    await broker.start();
    // Our own connection was refused too: a new one for the tests that follow.
    await bus.drain();
    bus = await openTestBus(broker, 'service-test');
  });

  test('exits 1 on a broker that is too old', async () => {
    const old = await startFakeNats({ version: '2.10.0' });
    cleanups.push(() => old.close());
    const service = await run({ NATS_URL: old.url }, 'listening');
    expect(await service.exited).toBe(1);
    const line = await wrote(service, 'cannot go on');
    expect(JSON.stringify(line)).toContain('nats-server 2.15 or newer is needed');
  });

  test('exits 1 when its port is taken or its environment is wrong; who has the port exits 0 within moments', async () => {
    const first = await run();
    const PORT = new URL(first.url).port;
    await expect(run({ PORT }, 'listening')).rejects.toThrow(/ended with 1[^]*EADDRINUSE/);
    await expect(run({ PORT: 'x' })).rejects.toThrow(
      /ended with 1[^]*PORT: expected a port number/,
    );
    const startedAt = Date.now();
    expect(await first.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  test('lives and waits while the broker is not there yet', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    const service = await run({ NATS_URL: url }, 'listening');
    expect(await readiness(service.url)).toMatchObject({
      status: 503,
      problem: 'the broker is not reachable',
    });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });
});

describe('health', () => {
  test('readiness follows the broker', async () => {
    const { service } = await startHere();
    await waitFor(async () => (await readiness(service.url)).status === 200);
    await broker.kill();
    await waitFor(async () => (await readiness(service.url)).status === 503);
    expect((await readiness(service.url)).problem).toBe('the broker is not reachable');
    await broker.start();
    await waitFor(async () => (await readiness(service.url)).status === 200);
    await waitFor(() => bus.isConnected());
  });

  test('readiness names a consumer that cannot work', async () => {
    const consumer = { name: 'notifier-sms', stop: () => Promise.resolve() } as const;
    const problem = () => 'notifier-sms is stopped until a person acts';
    const { service } = await startHere({ consume: () => [{ ...consumer, problem }] });
    await waitFor(async () => (await readiness(service.url)).problem === problem());
  });

  test('a service that fails to start its consumers says so', async () => {
    const consume = () => {
      throw new Error('no such durable');
    };
    const { service } = await startHere({ consume });
    expect((await service.failed).message).toBe('no such durable');
  });

  test('a service may know better itself what stops it', async () => {
    const { service } = await startHere({ problem: () => 'the journal is full' });
    expect(await readiness(service.url)).toMatchObject({
      status: 503,
      problem: 'the journal is full',
    });
  });
});

test('a connection that never carried a request holds up no end', async () => {
  const { service } = await startHere();
  await fetch(`${service.url}/healthz`);
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  const stopped = service.stop();
  // The server ends by itself, not by the client's patience.
  await closed;
  await expect(stopped).resolves.toBeUndefined();
});

test('a provider that is down makes a service not ready, and its container no less started', async () => {
  const paused = {
    name: 'notifier-sms',
    problem: () => 'Mobizon does not answer',
    stop: () => Promise.resolve(),
  };
  const { service } = await startHere({ consume: () => [paused] });
  await waitFor(async () => (await fetch(`${service.url}/startedz`)).ok, { what: 'the start' });
  expect(await readiness(service.url)).toEqual({ status: 503, problem: 'Mobizon does not answer' });
  const alone = await startHere({ url: `nats://127.0.0.1:${await freePort()}` });
  expect((await fetch(`${alone.service.url}/startedz`)).status).toBe(503);
});

describe('metrics', () => {
  test('tell how far each consumer is behind', async () => {
    const idle = {
      name: 'notifier-sms',
      problem: () => undefined,
      stop: () => Promise.resolve(),
    };
    const { service } = await startHere({ consume: () => [idle] });
    await publishDue();
    const backlog = async () => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return /^consumer_backlog\{durable="notifier-sms",[^}]*\} (\d+)$/m.exec(text)?.[1];
    };
    expect(await waitFor(backlog, { what: 'the backlog' })).toBe('1');
  });

  test('are in the format of Prometheus', async () => {
    const { service } = await startHere();
    const response = await fetch(`${service.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(/^# TYPE consumer_handled_total counter$/m);
    expect(text).toMatch(/process_cpu_user_seconds_total\{service="here"\} [\d.e-]+/);
  });

  test('ask for a token where one is configured, and for none on loopback without', async () => {
    const start = async (env: Parameters<typeof createAccess>[0]) => {
      const { service } = await startHere({ access: createAccess(env, { bus, log }) });
      return async (path: string, authorization?: string) =>
        (await fetch(service.url + path, { headers: authorization ? { authorization } : {} }))
          .status;
    };
    const ask = await start({ HOST: '127.0.0.1', ADMIN_TOKEN: 'a-token' });
    for (const wrong of [
      undefined,
      'Bearer wrong-t',
      'Bearer a-token2',
      'Basic a-token',
      'a-token',
    ]) {
      expect([wrong, await ask('/metrics', wrong)]).toEqual([wrong, 401]);
    }
    expect(await ask('/metrics', 'Bearer a-token')).toBe(200);
    // Health stays open: whoever supervises has no token.
    expect(await ask('/healthz')).toBe(200);
    expect(await (await start({ HOST: '127.0.0.1' }))('/metrics')).toBe(200);
    expect(await (await start({ HOST: '0.0.0.0' }))('/metrics')).toBe(401);
  });
});
