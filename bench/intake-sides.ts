/** What is measured against each other: landing-api with its broker, and the same route with BullMQ on Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startServiceProcess } from '@leadwire/testing/service-process';
import type { RedisServer } from '../scripts/machine/redis-server.ts';
import { startRedis } from './redis.ts';
import { readMeasures } from './service-measures.ts';

const ADMIN_TOKEN = 'an-admin-token-for-the-bench';
/** No request is refused: one address posts all of them. */
const NO_LIMIT = '1000000000';

export interface Side {
  name: string;
  url: string;
  /** Leads that are on disk. */
  stored(): Promise<number>;
  /** Of the service since its start; what stores the leads is not in it. */
  used(): Promise<Used>;
  close(): Promise<void>;
}

export interface Used {
  /** Seconds of processor time. */
  cpu: number;
  /** Leads that the service kept itself at first, because the broker took too long. */
  journalled: number;
}

/** landing-api first; BullMQ after it, where there is a redis-server. */
export async function startSides(redisServer: RedisServer | undefined): Promise<Side[]> {
  const broker = await startNats();
  const leadwire = await startLeadwire(broker.url);
  const close = async (): Promise<void> => {
    await leadwire.close();
    await broker.close();
  };
  if (!redisServer) return [{ ...leadwire, close }];
  const redis = await startRedis(redisServer);
  const bullmq = await startBullmq(broker.url, redis.port);
  return [
    { ...leadwire, close },
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

async function startLeadwire(natsUrl: string): Promise<Side> {
  const service = await startIntake('services/landing-api/src/main.ts', { NATS_URL: natsUrl });
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

async function startBullmq(natsUrl: string, port: number): Promise<Side> {
  const env = { NATS_URL: natsUrl, REDIS_PORT: String(port) };
  const service = await startIntake('bench/bullmq-intake.ts', env);
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

async function startIntake(entry: string, env: Record<string, string>) {
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
        journalled: read('landing_submissions_total', { outcome: 'journalled' }),
      };
    },
    async close() {
      await service.stop();
      await rm(journal, { recursive: true, force: true });
    },
  };
}
