/** The service's parts, put together. */
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import type { App, AppParts, AppWork } from '@leadwire/shared/service/app';
import { startDrain } from './intake/drain.ts';
import { envSchema, type Env } from './env.ts';
import { createChallenge } from './forms/challenge.ts';
import { createKnownForms } from './forms/known-forms.ts';
import { createRejects } from './forms/rejects.ts';
import { createHttp } from './http.ts';
import { dropHeldAfter } from './intake/held-ttl.ts';
import { createIntake } from './intake/intake.ts';
import { startDiskAlerts } from './disk-alerts.ts';
import { createFloodGate } from './intake/flood-gate.ts';
import { createHeldAlerts } from './intake/held-alerts.ts';
import { startJournalAlerts } from './intake/journal-alerts.ts';
import { watchJournal } from './intake/journal-watch.ts';
import { openJournal } from './intake/journal.ts';
import { createMeasures, measureJournal } from './measures.ts';
import { connectFacebook } from './webhooks/facebook.ts';

async function create(env: Env, parts: AppParts): Promise<AppWork> {
  const { bus, log, metrics, access } = parts;
  const journal = await openJournal({ dir: env.JOURNAL_DIR, log });
  measureJournal(metrics.registry, journal);
  const alerts = createAlerts(bus);
  const flood = createFloodGate({ bus, alerts, log, limit: env.FLOOD_LEADS_PER_MINUTE });
  const held = createHeldAlerts({ alerts, log });
  const leadBus = dropHeldAfter(bus, env.RETENTION_QUARANTINE_DAYS);
  const intake = createIntake({
    bus: leadBus,
    journal,
    log,
    flood,
    held,
    timeoutMs: env.INTAKE_TIMEOUT_MS,
  });
  const watch = watchJournal(journal, log);
  const rejects = createRejects({
    bus,
    alerts,
    dir: env.JOURNAL_DIR,
    log,
    timeoutMs: env.INTAKE_TIMEOUT_MS,
  });

  const forms = createKnownForms({ bus, dir: env.JOURNAL_DIR, log });
  const measures = createMeasures(metrics.registry);
  const now = () => new Date();
  const facebook = connectFacebook(env, {
    intake,
    measures,
    now,
    forms,
    rejects,
    alerts,
    log,
  });

  const http = await createHttp(env, {
    log,
    bus,
    intake,
    journal,
    forms,
    facebook,
    rejects,
    challenge: createChallenge(env, log),
    alerts,
    ledger: createLedger(bus),
    groups: createGroupReader(bus),
    links: createShortLinks(bus),
    measures,
    now,
    access,
  });

  return {
    http,
    problem: () => intake.problem(),
    consume: () => [
      startDrain({ bus: leadBus, journal, log }),
      startJournalAlerts({ journal, log, alerts }),
      flood.start(),
      startDiskAlerts({ bus, alerts, log, dir: env.JOURNAL_DIR, streamBytes: env.NATS_MAX_STORE }),
      held.start(),
      rejects.startCarrying(),
      ...(facebook ? [facebook.startPolling(env.FACEBOOK_POLL_MS)] : []),
    ],
    onStop: () => watch.stop(),
  };
}

export const app: App<Env> = {
  name: 'landing-api',
  schema: envSchema,
  // A lead is known the moment its 201 is out; of everything else this service may read what it can name, and no more.
  leaderReads: ['LEADS'],
  create,
};
