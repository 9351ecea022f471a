import { expect, test } from 'vitest';
import { usableVersion } from '../machine/redis-server.ts';

test('a redis-server tells its version; an older one than BullMQ recommends is not used', () => {
  const output = 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1';
  expect(usableVersion(output)).toBe('7.0.15');
  expect(usableVersion('Redis server v=6.2.0 sha=0')).toBe('6.2.0');
  expect(usableVersion('Redis server v=6.0.16 sha=0')).toBeUndefined();
  expect(usableVersion('redis-server: not found')).toBeUndefined();
});
