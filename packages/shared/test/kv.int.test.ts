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

test('a key is read as it stands: written, deleted, never there', async () => {
  const bucket = await bus.bucket('limits');
  expect(await bucket.get(key)).toBeNull();
  const revision = await bucket.put(key, '{"name":"Әсел"}');
  const found = await bucket.get(key);
  expect(found).toMatchObject({ bucket: 'limits', key, revision, operation: 'PUT', length: 19 });
  expect(found?.json()).toEqual({ name: 'Әсел' });
  expect(found?.string()).toBe('{"name":"Әсел"}');
  const stored = await (await bus.manager()).streams.getMessage('KV_limits', { seq: revision });
  expect(found?.created).toEqual(stored.time);
  await bucket.delete(key);
  expect(await bucket.get(key)).toMatchObject({ operation: 'DEL', revision: revision + 1 });
  await bucket.purge(key);
  expect(await bucket.get(key)).toMatchObject({ operation: 'PURGE', revision: revision + 2 });
  await expect(bucket.get('no key')).rejects.toThrow('invalid key');
  await expect(bucket.get('>')).rejects.toThrow('invalid key');
});

test('a bucket that is not there is an error, and no empty key', async () => {
  const bucket = await bus.bucket('bounced');
  await (await bus.manager()).streams.delete('KV_bounced');
  await expect(bucket.get(key)).rejects.toMatchObject({ api_error: { err_code: 10059 } });
});
