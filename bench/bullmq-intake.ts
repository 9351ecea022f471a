/**
 * landing-api with one part exchanged: a lead becomes a job of BullMQ in Redis, and its form gets 201 once the job is
 * added. Everything around that (limits, headers, validation, normalisation, logs) is landing-api's own code.
 */
import { Queue } from 'bullmq';
import { createKnownForms } from '@leadwire/landing-api/forms/known-forms';
import { createRejects } from '@leadwire/landing-api/forms/rejects';
import { createHttp } from '@leadwire/landing-api/http';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { envSchema } from '@leadwire/landing-api/env';
import type { Intake } from '@leadwire/landing-api/intake/intake';
import { openJournal } from '@leadwire/landing-api/intake/journal';
import { leadEvent } from '@leadwire/landing-api/intake/lead-fact';
import { createMeasures } from '@leadwire/landing-api/measures';
import { openBus } from '@leadwire/shared/broker/bus';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createLog } from '@leadwire/shared/runtime/log';
import { createAccess } from '@leadwire/shared/service/access';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { runService } from '@leadwire/shared/service/service';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { z } from 'zod';

const NAME = 'bullmq-intake';

const env = readEnv(envSchema.extend({ REDIS_PORT: z.coerce.number().int() }));
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const queue = new Queue('leads', { connection: { host: '127.0.0.1', port: env.REDIS_PORT } });

const intake: Intake = {
  async accept({ lead, quarantine }) {
    const event = leadEvent(NAME, lead, quarantine);
    await queue.add(event.type, event, { jobId: lead.leadId });
    return { leadId: lead.leadId, outcome: 'created', quarantine };
  },
  problem: () => undefined,
};

// Idle: for the other routes, which nobody calls.
const bus = openBus({ url: env.NATS_URL, name: NAME, log, topology: 'as it is' });

const access = createAccess(env, { bus, log });

const http = await createHttp(env, {
  log,
  bus,
  intake,
  journal: await openJournal({ dir: env.JOURNAL_DIR, log }),
  ledger: createLedger(bus),
  groups: createGroupReader(bus),
  links: createShortLinks(bus),
  forms: createKnownForms({ bus, dir: env.JOURNAL_DIR, log }),
  rejects: createRejects({
    bus,
    alerts: createAlerts(bus),
    dir: env.JOURNAL_DIR,
    log,
    timeoutMs: env.INTAKE_TIMEOUT_MS,
  }),
  measures: createMeasures(metrics.registry),
  alerts: createAlerts(bus),
  now: () => new Date(),
  access,
});

await runService({
  log,
  bus,
  metrics,
  http,
  port: env.PORT,
  host: env.HOST,
  access,
  problem: () => intake.problem(),
  onStop: () => queue.close(),
});
