/** The service's parts, put together. */
import { staffProjectsOf, variablesOf } from '@leadwire/operations/staff/projects';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { staffProjects } from '@leadwire/shared/contract/staff-streams';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import { databaseStopped, type Database } from '@leadwire/shared/providers/supabase';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { attributeAll } from './attribution.ts';
import { envSchema, type IdentityEnv } from './env.ts';
import { createCarryOne } from './handler.ts';
import { lookAtAll } from './look.ts';
import { keepReportDays } from './report-days.ts';
import { keepTrafficDays } from './traffic-days.ts';
import { tellUpkeepOfDay } from './upkeep-day.ts';

const UPKEEP_LOOK_MS = 300_000;

function create(env: IdentityEnv, parts: AppParts): AppWork {
  const { bus, log } = parts;
  const alerts = createAlerts(bus);
  const projects = staffProjectsOf(env);
  const carry = new Map(
    [...projects].map(([name, project]) => [name, createCarryOne({ project, bus, alerts, log })]),
  );
  for (const name of staffProjects) {
    const variables = variablesOf(name);
    if (!projects.has(name)) log.info({ project: name, variables }, 'not configured: left out');
  }

  return {
    consume: () => [
      ...staffProjects.map((name) =>
        startConsumer({
          ...parts,
          durable: `identity-${name}`,
          stopNames: [databaseStopped(name)],
          schema: eventSchemas['staff.changed.v1'],
          // A project that is not configured is caught up by the look, once it is.
          handle: async (event) => carry.get(name)?.(event),
        }),
      ),
      startPeriodic({
        name: 'identity-look',
        everyMs: env.IDENTITY_LOOK_EVERY_MS,
        onError: (error) => log.warn({ err: error }, 'it could not be looked who has arrived'),
        async work(signal) {
          await lookAtAll({ bus, projects, carry, log });
          await attributeAll(projects, log);
          await keepTrafficDays(projects, env.TIME_ZONE, log);
          await keepReportDays(projects.get('landing')?.database, env.TIME_ZONE, log, signal);
        },
      }),
      ...upkeepDay(env, parts, projects.get('landing')?.database),
    ],
  };
}

/** Where somebody wishes it and the landing project is known. */
function upkeepDay(
  env: IdentityEnv,
  { bus, log }: AppParts,
  landing: Database | undefined,
): BackgroundWork[] {
  const { UPKEEP_HOUR: hour, TIME_ZONE } = env;
  if (hour === 'off' || !landing) return [];
  const ports = { bus, landing, alerts: createAlerts(bus), hour, timeZone: TIME_ZONE };
  return [
    startPeriodic({
      name: 'upkeep-day',
      everyMs: UPKEEP_LOOK_MS,
      onError: (error) => log.warn({ err: error }, 'the checks of the day could not be made'),
      work: async () => void (await tellUpkeepOfDay(ports, new Date())),
    }),
  ];
}

export const app: App<IdentityEnv> = {
  name: 'identity-sync',
  schema: envSchema,
  create,
};
