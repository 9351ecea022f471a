import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { z } from 'zod';
import type { Bus } from '../src/broker/bus.ts';
import { newId } from '../src/contract/ids.ts';
import { changeKey, keepFirst, readKey } from '../src/coordination/kv.ts';

const schema = z.object({ count: z.number() });
const contest = { tries: 50, busy: 'too many at once' };
let broker: TestBroker;
let bus: Bus;
let key = '';
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});
beforeEach(() => {
  key = newId();
});
const at = () => ({ bucket: 'limits', key, schema }) as const;
const oneMore = (before: { count: number } | undefined) => ({ count: (before?.count ?? 0) + 1 });

test('of many that change one value at once none is lost', async () => {
  await Promise.all(Array.from({ length: 12 }, () => changeKey(bus, at(), oneMore, contest)));
  expect(await readKey(bus, at())).toEqual({ count: 12 });
});

test('nothing is written for undefined, and a deleted key begins anew', async () => {
  expect(await changeKey(bus, at(), () => undefined, contest)).toEqual({});
  expect(await readKey(bus, at())).toBeUndefined();
  await changeKey(bus, at(), oneMore, contest);
  await (await bus.bucket('limits')).delete(key);
  const changed = await changeKey(bus, at(), oneMore, contest);
  expect(changed).toEqual({ before: undefined, written: { count: 1 } });
});

test('whoever is too slow every time says so, and leaves the value to the others', async () => {
  const bucket = await bus.bucket('limits');
  /** Somebody else writes between every look and what comes of it. */
  const crowded = Object.assign(Object.create(bucket) as typeof bucket, {
    get: async (name: string) => {
      const found = await bucket.get(name);
      await bucket.put(name, JSON.stringify({ count: 100 }));
      return found;
    },
  });
  const interrupted = { bucket: () => Promise.resolve(crowded) };
  const late = changeKey(interrupted, at(), oneMore, { tries: 3, busy: 'too many at once' });
  await expect(late).rejects.toMatchObject({ name: 'TransientError', message: 'too many at once' });
  expect(await readKey(bus, at())).toEqual({ count: 100 });
});

test('what is not readable is an error, or what the schema says instead', async () => {
  await (await bus.bucket('limits')).put(key, JSON.stringify({ count: 'many' }));
  await expect(readKey(bus, at())).rejects.toThrow('count');
  const lenient = { ...at(), schema: schema.catch({ count: 0 }) };
  expect(await readKey(bus, lenient)).toEqual({ count: 0 });
});

test('the first text stays, and each is told whether it was theirs', async () => {
  const place = { bucket: 'limits', key } as const;
  expect(await keepFirst(bus, place, 'one')).toEqual({ first: 'one', isOurs: true });
  expect(await keepFirst(bus, place, 'two')).toEqual({ first: 'one', isOurs: false });
});
