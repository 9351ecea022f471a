/**
 * landing-api with one part exchanged, the one that keeps a lead. Everything around that (limits, headers, validation,
 * normalisation, logs) is landing-api's own code.
 */
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
import type { AnyEvent } from '@leadwire/shared/contract/events';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createLog } from '@leadwire/shared/runtime/log';
import { createAccess } from '@leadwire/shared/service/access';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { runService } from '@leadwire/shared/service/service';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';

/** Where leads go instead. */
export interface Keeper {
  /** Resolves when the lead is kept; its form gets 201 then. */
  keep: (leadId: string, event: AnyEvent) => Promise<unknown>;
  close: () => Promise<void>;
}

/** Runs it as this process, with what `process.env` says. */
export async function runExchangedIntake(name: string, { keep, close }: Keeper): Promise<void> {
  const env = readEnv(envSchema);
  const log = createLog(name, env.LOG_LEVEL);
  const metrics = createMetrics(name);
  // Idle: for the other routes, which nobody calls.
  const bus = openBus({ url: env.NATS_URL, name, log, topology: 'as it is' });
  const access = createAccess(env, { bus, log });
  const alerts = createAlerts(bus);
  const intake: Intake = {
    async accept({ lead, quarantine }) {
      await keep(lead.leadId, leadEvent(name, lead, quarantine));
      return { leadId: lead.leadId, outcome: 'created', quarantine };
    },
    problem: () => undefined,
  };
  const http = await createHttp(env, {
    log,
    bus,
    intake,
    alerts,
    access,
    journal: await openJournal({ dir: env.JOURNAL_DIR, log }),
    ledger: createLedger(bus),
    groups: createGroupReader(bus),
    links: createShortLinks(bus),
    forms: createKnownForms({ bus, dir: env.JOURNAL_DIR, log }),
    rejects: createRejects({
      bus,
      alerts,
      log,
      dir: env.JOURNAL_DIR,
      timeoutMs: env.INTAKE_TIMEOUT_MS,
    }),
    measures: createMeasures(metrics.registry),
    now: () => new Date(),
  });
  await runService({
    log,
    bus,
    metrics,
    http,
    access,
    port: env.PORT,
    host: env.HOST,
    problem: () => intake.problem(),
    onStop: close,
  });
}
