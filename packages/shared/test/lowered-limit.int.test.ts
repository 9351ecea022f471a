import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { processEnv } from '@leadwire/testing/process-env';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

const fixture = fileURLToPath(new URL('./fixtures/acquire.ts', import.meta.url));
let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'lowered-test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const limiterFor = (account: string, ratePerSecond: number) =>
  createLimiter({ bus, metrics: createMetrics('lowered-test'), account, ratePerSecond });

/** The largest number of times in any second that begins with one of them. */
function mostPerSecond(times: number[]): number {
  const counts = times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length);
  return Math.max(...counts);
}

describe('a limit that the provider has lowered', () => {
  test('holds for everybody at once, also for those who had booked their slot', async () => {
    const account = newId();
    const limiter = limiterFor(account, 20);
    const times: number[] = [];
    const waiting = Array.from({ length: 8 }, async () => {
      await limiter.acquire();
      times.push(Date.now());
    });
    await waitFor(() => times.length >= 2);
    await limiterFor(account, 20).adaptTo(4);
    const inForce = Date.now();
    await Promise.all([...waiting, limiter.acquire({ priority: 'bulk' })]);
    // Whoever had looked already leaves within 25 ms.
    expect(mostPerSecond(times.filter((at) => at > inForce + 25))).toBeLessThanOrEqual(4);
    expect(times).toHaveLength(8);
  });

  test('is known to whoever starts anew after the one that heard it was killed', async () => {
    const account = newId();
    const env = { ...processEnv, NATS_URL: broker.url, RATE: '50', ACCOUNT: account };
    const hearing = spawn(process.execPath, [fixture], { env: { ...env, TOLD: '4' } });
    await once(hearing.stdout, 'data');
    hearing.kill('SIGKILL');
    await once(hearing, 'exit');
    const fresh = limiterFor(account, 50);
    const times: number[] = [];
    const takeOne = async () => {
      await fresh.acquire();
      times.push(Date.now());
    };
    await Promise.all(Array.from({ length: 7 }, takeOne));
    expect(mostPerSecond(times)).toBeLessThanOrEqual(4);
  });
});
