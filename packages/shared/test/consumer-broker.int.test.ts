/** The consumer while the broker, the network or a person works against it. */
import { afterAll, afterEach, beforeAll, describe, expect, vi, test } from 'vitest';
import { Events } from 'nats';
import type { Bus } from '@leadwire/shared/broker/bus';
import { startTcpProxy, type TcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';
import { openConsumerFixture, type ConsumerFixture } from './consumer-fixture.ts';

let proxy: TcpProxy;
let fixture: ConsumerFixture;
beforeAll(async () => {
  fixture = await openConsumerFixture(async (broker) => {
    proxy = await startTcpProxy(Number(new URL(broker.url).port));
    return `nats://127.0.0.1:${proxy.port}`;
  });
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await fixture.close();
  await proxy.close();
});

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

async function restartBroker(): Promise<void> {
  await fixture.broker.kill();
  await waitFor(() => !fixture.bus.isConnected());
  await fixture.broker.start();
  await waitFor(() => fixture.bus.isConnected());
}

/** The next connection can be there within milliseconds, so looking at `isConnected` is too slow. */
async function untilDisconnected(bus: Bus): Promise<void> {
  for await (const { type } of bus.connection().status()) {
    if (type === Events.Disconnect) return;
  }
}

describe('the consumer', () => {
  test('goes on by itself after the broker was killed while it waited for work', async () => {
    const seen: string[] = [];
    fixture.start('notifier-sms', ({ subject }) => {
      seen.push(subject);
      return Promise.resolve();
    });
    const first = await fixture.publishFor('notifier-sms');
    await waitFor(() => seen.length === 1);
    await restartBroker();
    const second = await fixture.publishFor('notifier-sms');
    // The broker may hand it to a pull that died with the connection; then it comes after the time for a sign of life.
    // The first one may come again: the broker was killed before its acknowledgement was on disk.
    await waitFor(() => seen.includes(second), { timeoutMs: 60_000, what: 'the second message' });
    expect(new Set(seen)).toEqual(new Set([first, second]));
  });

  test('keeps to its concurrency and loses nothing when the broker is killed under its handlers', async () => {
    let now = 0;
    let most = 0;
    let gate = Promise.withResolvers<void>();
    const done = new Set<string>();
    await fixture.setAckWait('notifier-sms', 1_500);
    const ids = await Promise.all(times(20, () => fixture.publishFor('notifier-sms')));
    fixture.start('notifier-sms', async ({ subject }) => {
      now += 1;
      most = Math.max(most, now);
      await gate.promise;
      now -= 1;
      done.add(subject);
    });
    await waitFor(() => now === 4);
    await restartBroker();
    gate.resolve();
    gate = Promise.withResolvers();
    await waitFor(() => now === 4);
    await restartBroker();
    gate.resolve();
    await waitFor(() => done.size === 20, { timeoutMs: 15_000 });
    await fixture.untilSettled('notifier-sms');
    expect(most).toBe(4);
    expect([...done].sort()).toEqual(ids.sort());
    expect(await fixture.deadLetter()).toBeUndefined();
    await fixture.setAckWait('notifier-sms', 30_000);
  });

  test('settles every message over a network that cuts its connection again and again', async () => {
    await fixture.setAckWait('notifier-email', 1_500);
    const done = new Set<string>();
    const ids = await Promise.all(times(60, () => fixture.publishFor('notifier-email')));
    fixture.start('notifier-email', async ({ subject }) => {
      if (done.size % 15 === 5) proxy.cut();
      await waitFor(() => true);
      done.add(subject);
    });
    await waitFor(() => done.size === 60, { timeoutMs: 20_000 });
    await waitFor(() => fixture.bus.isConnected());
    await fixture.untilSettled('notifier-email');
    expect([...done].sort()).toEqual(ids.sort());
    expect(await fixture.deadLetter()).toBeUndefined();
    await fixture.setAckWait('notifier-email', 30_000);
  });

  test('notices a connection that is only half there, and comes back on a new one', async () => {
    const seen: string[] = [];
    fixture.start('notifier-sms', ({ subject }) => {
      seen.push(subject);
      return Promise.resolve();
    });
    await fixture.publishFor('notifier-sms');
    await waitFor(() => seen.length === 1);
    const disconnected = untilDisconnected(fixture.bus);
    const startedAt = Date.now();
    proxy.spoil('black hole');
    // Until then a publish fails after its two tries, as something that may have happened.
    await expect(fixture.publishFor('notifier-sms')).rejects.toMatchObject({
      name: 'TransientError',
      outage: true,
    });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    await disconnected;
    expect(Date.now() - startedAt).toBeLessThan(30_000);
    await waitFor(() => fixture.bus.isConnected());
    const second = await fixture.publishFor('notifier-sms');
    await waitFor(() => seen.includes(second));
  });

  test('makes its durable again when somebody deleted it, and misses nothing', async () => {
    const seen: string[] = [];
    fixture.start('notifier-sms', ({ subject }) => {
      seen.push(subject);
      return Promise.resolve();
    });
    await fixture.publishFor('notifier-sms');
    await waitFor(() => seen.length === 1);
    await fixture.untilSettled('notifier-sms');
    await (await fixture.bus.manager()).consumers.delete('NOTIFICATIONS', 'notifier-sms');
    const id = await fixture.publishFor('notifier-sms');
    await waitFor(() => seen.length === 2);
    expect(seen[1]).toBe(id);
  });

  test('says when it has not pulled for long', async () => {
    const consumer = fixture.start('notifier-sms', () => Promise.resolve());
    await fixture.publishFor('notifier-sms');
    await fixture.untilSettled('notifier-sms');
    expect(consumer.problem()).toBeUndefined();
    await fixture.broker.kill();
    await waitFor(() => !fixture.bus.isConnected());
    const later = Date.now() + 40_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later);
    const problem = consumer.problem();
    clock.mockRestore();
    await fixture.broker.start();
    await waitFor(() => fixture.bus.isConnected());
    expect(problem).toMatch(/^notifier-sms has not pulled for \d+ s$/);
  });

  test('stops while the broker is away', async () => {
    const consumer = fixture.start('notifier-sms', () => Promise.resolve());
    await fixture.publishFor('notifier-sms');
    await fixture.untilSettled('notifier-sms');
    await fixture.broker.kill();
    await waitFor(() => !fixture.bus.isConnected());
    // The broker comes back only afterwards: the stop did not wait for it.
    await consumer.stop();
    expect(fixture.bus.isConnected()).toBe(false);
    await fixture.broker.start();
    await waitFor(() => fixture.bus.isConnected());
  });
});
