import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { Bus } from '../src/broker/bus.ts';
import { createQuota } from '../src/coordination/quota.ts';
import { newId } from '../src/contract/ids.ts';

const HOUR = 3_600_000;
let broker: TestBroker;
let bus: Bus;
let now = Date.parse('2026-03-01T10:00:00Z');
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

test('several processes at once grant exactly what there is, and a repeat counts once', async () => {
  const quotas = [1, 2, 3].map(() => createQuota(bus));
  const ids = Array.from({ length: 12 }, newId);
  const rules = [{ withinMs: HOUR, most: 5 }];
  const takeAll = () =>
    Promise.all(
      quotas.flatMap((quota) => ids.map((id) => quota.take({ key: 'budget.test', id, rules }))),
    );
  for (const taken of [await takeAll(), await takeAll()]) {
    expect(taken.filter(({ isGranted }) => isGranted)).toHaveLength(5 * quotas.length);
  }
  expect(await quotas[0]!.count('budget.test', [HOUR])).toEqual([5]);
});

test('what is old counts no more, what was given back neither, and each rule sees its own', async () => {
  const quota = createQuota(bus, () => now);
  const [a = '', b = '', c = ''] = Array.from({ length: 3 }, newId);
  const rules = [
    { withinMs: HOUR, most: 1, isOfSame: true },
    { withinMs: 24 * HOUR, most: 2 },
  ];
  const take = (id: string, what: string) => quota.take({ key: 'person.test', id, what, rules });

  expect(await take(a, 'x')).toMatchObject({ isGranted: true });
  expect(await take(b, 'x')).toMatchObject({ isGranted: false, rule: 0 });
  expect(await take(b, 'y')).toEqual({ isGranted: true, left: 0 });
  expect(await take(c, 'z')).toMatchObject({ isGranted: false, rule: 1 });
  await quota.giveBack('person.test', b);
  expect(await take(c, 'z')).toMatchObject({ isGranted: true });
  now += HOUR + 1_000;
  expect(await take(b, 'x')).toMatchObject({ isGranted: false, rule: 1, freeInMs: 23 * HOUR });
  now += 23 * HOUR;
  expect(await take(b, 'x')).toMatchObject({ isGranted: true });
  await quota.clear('person.test');
  expect(await quota.count('person.test', [24 * HOUR])).toEqual([0]);
});
