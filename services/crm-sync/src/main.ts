import { AMOCRM_STOPPED } from '@leadwire/shared/providers/amocrm/http';
import { openBus } from '@leadwire/shared/broker/bus';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { readEnv } from '@leadwire/shared/runtime/env';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { runService } from '@leadwire/shared/service/service';
import { z } from 'zod';
import { createFollowDeal } from './changes.ts';
import { createPorts } from './connect.ts';
import { envSchema } from './env.ts';
import { createCrmSync } from './handler.ts';
import { createStudentSync } from './students.ts';

const NAME = 'crm-sync';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });

const ports = createPorts(env, { bus, log, metrics });
const { syncLead, giveUp } = createCrmSync(ports);
const students = createStudentSync(ports);
const followDeal = createFollowDeal(ports);

const parts = { bus, log, metrics };
const work = { ...parts, stopNames: [AMOCRM_STOPPED] };
const student = z.discriminatedUnion('type', [
  eventSchemas['student.created.v1'],
  eventSchemas['lesson.completed.v1'],
]);

await runService({
  ...parts,
  port: env.PORT,
  host: env.HOST,
  consume: () => [
    startConsumer({
      ...work,
      durable: 'crm-sync',
      schema: leadTakenSchema,
      handle: syncLead,
      giveUp,
    }),
    startConsumer({
      ...work,
      durable: 'crm-students',
      schema: student,
      handle: students.syncStudent,
      giveUp: students.giveUp,
    }),
    startConsumer({
      ...work,
      durable: 'crm-changes',
      schema: eventSchemas['crm.deal_changed.v1'],
      handle: followDeal,
    }),
  ],
});
