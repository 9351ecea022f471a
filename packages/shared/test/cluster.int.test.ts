/** What three brokers answer differently from one: a write that is not copied yet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNatsCluster, type TestCluster } from '@leadwire/testing/nats-cluster';
import { waitFor } from '@leadwire/testing/wait-for';

let cluster: TestCluster;
let buses: Bus[];
beforeAll(async () => {
  cluster = await startNatsCluster();
  const log = createLog('cluster-test', 'silent');
  buses = ['first', 'second'].map((name) => openBus({ url: cluster.url, name, log, replicas: 3 }));
  await Promise.all(buses.map(({ ready }) => ready));
}, 120_000);
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.drain()));
  await cluster.close();
}, 60_000);

/** `count` answers, from both sides in turn and all at once. */
const atOnce = <T>(count: number, ask: (bus: Bus) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(buses[n % buses.length]!)));

describe('a cluster', () => {
  test('stores one lead of many with the same id, and names it to the others', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { leadId, ...rest } = someLead();
      const answers = await atOnce(20, (bus) => {
        const event = leadCreated({ ...rest, leadId });
        const onceUnder = subjects.anyLead(leadId);
        return bus.publish(subjects.leadCreated('proftest', leadId), event, { onceUnder });
      });
      expect(answers.filter(({ stored }) => stored)).toHaveLength(1);
      expect(new Set(answers.map(({ seq }) => seq)).size).toBe(1);
    }
  });

  test('lets many change one key at the same time', async () => {
    const metrics = createMetrics('cluster-test');
    const limiterOf = (bus: Bus) =>
      createLimiter({ bus, metrics, account: 'resend', ratePerSecond: 1_000 });
    const limiters = new Map(buses.map((bus) => [bus, limiterOf(bus)]));
    await expect(atOnce(40, (bus) => limiters.get(bus)!.acquire())).resolves.toHaveLength(40);
  });

  test('goes on without one of its brokers', async () => {
    await cluster.kill(0);
    const lead = someLead();
    const subject = subjects.leadCreated('proftest', lead.leadId);
    await waitFor(() => buses[0]!.publish(subject, leadCreated(lead)), {
      timeoutMs: 60_000,
      what: 'the lead to be stored',
    });
    await cluster.start(0);
    expect(await buses[1]!.lastUnder('LEADS', subject)).toBeDefined();
  }, 120_000);
});
