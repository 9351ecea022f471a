/** What is measured against each other: landing-api with its broker, the same route with BullMQ on Redis, and with nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startServiceProcess } from '@leadwire/testing/service-process';
import type { RedisServer } from '../scripts/machine/redis-server.ts';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { processorSecondsOf } from './process-use.ts';
import { startRedis, type Redis } from './redis.ts';
import { readMeasures } from './service-measures.ts';

export const ADMIN_TOKEN = 'an-admin-token-for-the-bench';
/** No request is refused: one address posts all of them. */
const NO_LIMIT = '1000000000';

export interface Side {
  name: string;
  url: string;
  /** Leads that are on disk; undefined where none is kept. */
  stored(): Promise<number | undefined>;
  /** Since the start. */
  used(): Promise<Used>;
  close(): Promise<void>;
}

export interface Used {
  /** Seconds of processor time of the service. */
  cpu: number;
  /** The same of nats-server or Redis; NaN where the system does not tell. */
  storeCpu: number;
  /** Leads that the service kept itself at first, because the broker took too long. */
  journalled: number;
}

/** landing-api first; after it the route that keeps nothing, and BullMQ, where there is a redis-server. */
export async function startSides(redisServer: RedisServer | undefined): Promise<Side[]> {
  const broker = await startNats();
  const leadwire = await startLeadwire(broker);
  const close = async (): Promise<void> => {
    await leadwire.close();
    await broker.close();
  };
  const sides = [{ ...leadwire, close }, await startForgetful(broker.url)];
  if (!redisServer) return sides;
  const redis = await startRedis(redisServer);
  const bullmq = await startBullmq(broker.url, redis);
  return [
    ...sides,
    {
      ...bullmq,
      name: `BullMQ, Redis ${redisServer.version}`,
      async close() {
        await bullmq.close();
        await redis.close();
      },
    },
  ];
}

async function startLeadwire(broker: TestBroker): Promise<Side> {
  const natsUrl = broker.url;
  const service = await startIntake('services/landing-api/src/main.ts', {
    env: { NATS_URL: natsUrl },
    storePid: () => broker.pid?.(),
  });
  const bus = await openTestBus({ url: natsUrl }, 'bench');
  const manager = await bus.manager();
  return {
    name: 'landing-api, NATS',
    url: service.url,
    used: service.used,
    stored: async () => (await manager.streams.info('LEADS')).state.messages,
    async close() {
      await service.close();
      await bus.drain();
    },
  };
}

async function startBullmq(natsUrl: string, { port, pid }: Redis): Promise<Side> {
  const env = { NATS_URL: natsUrl, REDIS_PORT: String(port) };
  const service = await startIntake('bench/bullmq-intake.ts', { env, storePid: () => pid });
  const queue = new Queue('leads', { connection: { host: '127.0.0.1', port } });
  return {
    name: 'BullMQ, Redis',
    url: service.url,
    used: service.used,
    stored: () => queue.getWaitingCount(),
    async close() {
      await service.close();
      await queue.close();
    },
  };
}

async function startForgetful(natsUrl: string): Promise<Side> {
  const service = await startIntake('bench/forgetful-intake.ts', {
    env: { NATS_URL: natsUrl },
    storePid: () => undefined,
  });
  return { name: 'keeps nothing', ...service, stored: () => Promise.resolve(undefined) };
}

/** A program with landing-api's routes, and nobody refused. */
export async function startIntake(
  entry: string,
  { env, storePid }: { env: Record<string, string>; storePid: () => number | undefined },
) {
  const journal = await mkdtemp(join(tmpdir(), 'leadwire-bench-journal-'));
  const service = await startServiceProcess({
    entry,
    env: {
      ...env,
      ADMIN_TOKEN,
      JOURNAL_DIR: journal,
      RATE_LIMIT_PER_MINUTE: NO_LIMIT,
      FLOOD_LEADS_PER_MINUTE: NO_LIMIT,
    },
  });
  return {
    url: service.url,
    used: async (): Promise<Used> => {
      const read = await readMeasures({ url: service.url, adminToken: ADMIN_TOKEN });
      return {
        cpu: read('process_cpu_seconds_total'),
        storeCpu: processorSecondsOf(storePid()),
        journalled: read('landing_submissions_total', { outcome: 'journalled' }),
      };
    },
    async close() {
      await service.stop();
      await rm(journal, { recursive: true, force: true });
    },
  };
}
