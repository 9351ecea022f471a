/** A service as its parts: what all of them begin with, and what each adds. Tests start the same app that production starts. */
import type { z } from 'zod';
import { openBus, type BusOptions } from '../broker/bus.ts';
import type { ProcessParts } from '../broker/process-parts.ts';
import { readEnv } from '../runtime/env.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createAccess, type Access, type AccessEnv } from './access.ts';
import { runService, type ServiceOptions } from './service.ts';

/** What every service is told by its environment (runtime/env.ts). */
export interface AppEnv extends AccessEnv {
  NATS_URL: string;
  NATS_REPLICAS: number;
  LOG_LEVEL: string;
  PORT: number;
  HOST: string;
}

export interface AppParts extends ProcessParts {
  access: Access;
}

export interface App<Env extends AppEnv> {
  name: string;
  schema: z.ZodObject & z.ZodType<Env>;
  /** Streams of which it reads what it wrote a moment ago. */
  leaderReads?: BusOptions['leaderReads'];
  /** Puts the service together. Nothing of it works before `consume` is called. */
  create: (env: Env, parts: AppParts) => AppWork | Promise<AppWork>;
}

/** What a service adds to its health, in `startService`'s words. */
export type AppWork = Pick<ServiceOptions, 'http' | 'problem' | 'consume' | 'onStop'>;

/** Everything that `runService` or `startService` needs. Connects; does not listen yet. */
export async function assemble<Env extends AppEnv>(
  app: App<Env>,
  env: Env,
  log: Log = createLog(app.name, env.LOG_LEVEL),
): Promise<ServiceOptions> {
  const metrics = createMetrics(app.name);
  const bus = openBus({
    url: env.NATS_URL,
    name: app.name,
    log,
    replicas: env.NATS_REPLICAS,
    ...(app.leaderReads && { leaderReads: app.leaderReads }),
  });
  const access = createAccess(env, { bus, log });
  const parts = { bus, log, metrics, access };
  const work = await app.create(env, parts);
  return { ...parts, port: env.PORT, host: env.HOST, ...work };
}

/** Runs it as this process, with what `process.env` says. @throws EnvError when that is not usable. */
export async function runApp<Env extends AppEnv>(app: App<Env>): Promise<void> {
  await runService(await assemble(app, readEnv(app.schema)));
}
