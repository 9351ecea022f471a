import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '@leadwire/testing/wait-for';
import { openConsumerFixture, type ConsumerFixture } from './consumer-fixture.ts';

let fixture: ConsumerFixture;
beforeAll(async () => {
  fixture = await openConsumerFixture();
});
afterEach(() => fixture.reset());
afterAll(() => fixture.close());

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

describe('handling', () => {
  test('a message is acknowledged only after its handler returned', async () => {
    const gate = Promise.withResolvers<void>();
    let handled = 0;
    fixture.start('notifier-plan', async () => {
      handled += 1;
      await gate.promise;
    });
    await fixture.publishFor('notifier-plan');
    await waitFor(() => handled === 1);
    expect(await fixture.counts('notifier-plan')).toEqual({ open: 1, waiting: 0 });
    gate.resolve();
    await fixture.untilSettled('notifier-plan');
    expect(handled).toBe(1);
  });

  test('runs no more handlers than its concurrency, and holds no more messages than those', async () => {
    let now = 0;
    let most = 0;
    let mostHeld = 0;
    const seen: string[] = [];
    fixture.start('notifier-sms', async (event) => {
      now += 1;
      most = Math.max(most, now);
      mostHeld = Math.max(mostHeld, (await fixture.counts('notifier-sms')).open);
      now -= 1;
      seen.push(event.subject);
    });
    const ids = await Promise.all(times(60, () => fixture.publishFor('notifier-sms')));
    await waitFor(() => seen.length === 60);
    expect(most).toBe(4);
    expect(mostHeld).toBeLessThanOrEqual(4);
    expect(seen.sort()).toEqual(ids.sort());
  });

  test('keeps its message while a handler runs longer than the ack wait', async () => {
    await fixture.setAckWait('notifier-sms', 1_000);
    let handled = 0;
    fixture.start('notifier-sms', async () => {
      handled += 1;
      const startedAt = Date.now();
      await waitFor(() => Date.now() - startedAt > 2_500);
    });
    await fixture.publishFor('notifier-sms');
    await waitFor(() => handled > 0);
    await fixture.untilSettled('notifier-sms');
    expect(handled).toBe(1);
    await fixture.setAckWait('notifier-sms', 30_000);
  });

  test('a worker that died with the message spent no attempt', async () => {
    await fixture.setAckWait('notifier-sms', 500);
    await fixture.publishFor('notifier-sms');
    await fixture.takeByHand('notifier-sms');
    const attempts: number[] = [];
    fixture.start('notifier-sms', (_event, { attempt }) => {
      attempts.push(attempt);
      return Promise.resolve();
    });
    await waitFor(() => attempts.length > 0);
    expect(attempts).toEqual([1]);
    await fixture.setAckWait('notifier-sms', 30_000);
  });
});

describe('stopping', () => {
  test('finishes what runs and takes nothing more', async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    let finished = 0;
    const consumer = fixture.start('notifier-sms', async () => {
      begun += 1;
      await gate.promise;
      finished += 1;
    });
    await Promise.all(times(10, () => fixture.publishFor('notifier-sms')));
    await waitFor(() => begun === 4);
    let isStopped = false;
    const stopped = consumer.stop().then(() => (isStopped = true));
    await waitFor(async () => (await fixture.counts('notifier-sms')).open === 4);
    expect(isStopped).toBe(false);
    gate.resolve();
    await stopped;
    expect({ begun, finished }).toEqual({ begun: 4, finished: 4 });
    expect(await fixture.counts('notifier-sms')).toEqual({ open: 0, waiting: 6 });
  });

  test('is quick when there is nothing to do', async () => {
    const consumer = fixture.start('notifier-sms', () => Promise.resolve());
    await waitFor(async () => {
      const manager = await fixture.bus.manager();
      return (await manager.consumers.info('NOTIFICATIONS', 'notifier-sms')).num_waiting === 1;
    });
    // A pull that is waited for lasts five seconds.
    const startedAt = performance.now();
    await consumer.stop();
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  test('what was on its way is with the next worker at once, as a first attempt', async () => {
    let handled = 0;
    const seen = new Map<string, number>();
    const ids = await Promise.all(times(300, () => fixture.publishFor('notifier-email')));
    // Stopped again and again in the middle of a stream of messages.
    while (seen.size < ids.length) {
      const before = seen.size;
      const consumer = fixture.start('notifier-email', (event, { attempt }) => {
        handled += 1;
        seen.set(event.subject, attempt);
        return Promise.resolve();
      });
      await waitFor(() => seen.size > before, { timeoutMs: 5_000 });
      await consumer.stop();
    }
    expect(handled).toBe(ids.length);
    expect(new Set(seen.values())).toEqual(new Set([1]));
    expect([...seen.keys()].sort()).toEqual(ids.sort());
  });
});
