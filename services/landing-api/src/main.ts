import { createAlerts } from '@leadwire/shared/alerts';
import { openBus } from '@leadwire/shared/bus';
import { readEnv } from '@leadwire/shared/env';
import { createLedger } from '@leadwire/shared/ledger';
import { createLog } from '@leadwire/shared/log';
import { createMetrics } from '@leadwire/shared/metrics';
import { runService } from '@leadwire/shared/service';
import { createShortLinks } from '@leadwire/shared/short-links';
import { createGroupReader } from '@leadwire/shared/telegram-groups';
import { startDrain } from './drain.ts';
import { envSchema } from './env.ts';
import { createHttp } from './http.ts';
import { createIntake } from './intake.ts';
import { startJournalAlerts } from './journal-alerts.ts';
import { watchJournal } from './journal-watch.ts';
import { openJournal } from './journal.ts';
import { createMeasures, measureJournal } from './measures.ts';

const NAME = 'landing-api';

const env = readEnv(envSchema);
const log = createLog(NAME, env.LOG_LEVEL);
const metrics = createMetrics(NAME);
const bus = openBus({ url: env.NATS_URL, name: NAME, log, replicas: env.NATS_REPLICAS });
const journal = await openJournal({ dir: env.JOURNAL_DIR, log });
measureJournal(metrics.registry, journal);
const intake = createIntake({ bus, journal, log, timeoutMs: env.INTAKE_TIMEOUT_MS });
const watch = watchJournal(journal, log);

const http = await createHttp(env, {
  log,
  bus,
  intake,
  journal,
  ledger: createLedger(bus),
  groups: createGroupReader(bus),
  links: createShortLinks(bus),
  measures: createMeasures(metrics.registry),
  now: () => new Date(),
});

await runService({
  log,
  bus,
  metrics,
  port: env.PORT,
  host: env.HOST,
  http,
  metricsToken: env.ADMIN_TOKEN,
  problem: () => intake.problem(),
  consume: () => [
    startDrain({ bus, journal, log }),
    startJournalAlerts({ journal, log, alerts: createAlerts(bus) }),
  ],
  onStop: () => watch.stop(),
});
