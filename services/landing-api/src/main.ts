import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { openBus } from '@leadwire/shared/broker/bus';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createAccess } from '@leadwire/shared/service/access';
import { runService } from '@leadwire/shared/service/service';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { startDrain } from './intake/drain.ts';
import { envSchema } from './env.ts';
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

const NAME = 'landing-api';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({
  url: env.NATS_URL,
  name: NAME,
  log,
  replicas: env.NATS_REPLICAS,
  // A lead is known the moment its 201 is out; of everything else this service may read what it can name, and no more.
  leaderReads: ['LEADS'],
});
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
const access = createAccess(env, { bus, log });
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

await runService({
  log,
  bus,
  metrics,
  port: env.PORT,
  host: env.HOST,
  http,
  access,
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
});
