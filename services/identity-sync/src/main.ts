import { staffProjectsOf, variablesOf } from '@leadwire/operations/staff/projects';
import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { staffProjects } from '@leadwire/shared/contract/staff-streams';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import { runService } from '@leadwire/shared/service/service';
import { attributeAll } from './attribution.ts';
import { envSchema } from './env.ts';
import { createCarryOne } from './handler.ts';
import { lookAtAll } from './look.ts';
import { keepTrafficDays } from './traffic-days.ts';
import { tellUpkeepOfDay } from './upkeep-day.ts';

const NAME = 'identity-sync';
const UPKEEP_LOOK_MS = 300_000;

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
const alerts = createAlerts(bus);
const projects = staffProjectsOf(env);
const carry = new Map(
  [...projects].map(([name, project]) => [name, createCarryOne({ project, bus, alerts, log })]),
);
for (const name of staffProjects) {
  const variables = variablesOf(name);
  if (!projects.has(name)) log.info({ project: name, variables }, 'not configured: left out');
}

const parts = { bus, log, metrics };

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  access: createAccess(env, parts),
  consume: () => [
    ...staffProjects.map((name) =>
      startConsumer({
        ...parts,
        durable: `identity-${name}`,
        schema: eventSchemas['staff.changed.v1'],
        // A project that is not configured is caught up by the look, once it is.
        handle: async (event) => carry.get(name)?.(event),
      }),
    ),
    startPeriodic({
      name: 'identity-look',
      everyMs: env.IDENTITY_LOOK_EVERY_MS,
      onError: (error) => log.warn({ err: error }, 'it could not be looked who has arrived'),
      async work() {
        await lookAtAll({ bus, projects, carry, log });
        await attributeAll(projects, log);
        await keepTrafficDays(projects, env.TIME_ZONE, log);
      },
    }),
    ...upkeepDay(),
  ],
});

/** Where somebody wishes it and the landing project is known. */
function upkeepDay() {
  const landing = projects.get('landing')?.database;
  const { UPKEEP_HOUR: hour, TIME_ZONE } = env;
  if (hour === 'off' || !landing) return [];
  const told = { bus, landing, alerts, hour, timeZone: TIME_ZONE };
  return [
    startPeriodic({
      name: 'upkeep-day',
      everyMs: UPKEEP_LOOK_MS,
      onError: (error) => log.warn({ err: error }, 'the checks of the day could not be made'),
      work: async () => void (await tellUpkeepOfDay(told, new Date())),
    }),
  ];
}
