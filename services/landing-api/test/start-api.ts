import type { Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestBus } from '@leadwire/testing/bus';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { leadSchema, type Lead } from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createLog } from '@leadwire/shared/runtime/log';
import { createAccess } from '@leadwire/shared/service/access';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { startService } from '@leadwire/shared/service/service';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { createGroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { startDrain } from '../src/intake/drain.ts';
import { envSchema } from '../src/env.ts';
import { createChallenge } from '../src/forms/challenge.ts';
import { createKnownForms } from '../src/forms/known-forms.ts';
import { createRejects } from '../src/forms/rejects.ts';
import { createHttp } from '../src/http.ts';
import { dropHeldAfter } from '../src/intake/held-ttl.ts';
import { createIntake } from '../src/intake/intake.ts';
import { startDiskAlerts } from '../src/disk-alerts.ts';
import { createFloodGate } from '../src/intake/flood-gate.ts';
import { createHeldAlerts } from '../src/intake/held-alerts.ts';
import { startJournalAlerts } from '../src/intake/journal-alerts.ts';
import { watchJournal } from '../src/intake/journal-watch.ts';
import { openJournal, type Journal } from '../src/intake/journal.ts';
import { createMeasures, measureJournal } from '../src/measures.ts';
import { connectFacebook } from '../src/webhooks/facebook.ts';

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface TestApi {
  url: string;
  server: Server;
  bus: Bus;
  journal: Journal;
  /** Posts a value as JSON, or a text as it is. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  status: (leadId: string) => Promise<Answer>;
  /** The lead as it was stored. */
  lead: (leadId: unknown) => Promise<Lead>;
  /** How many leads the stream holds. */
  countLeads: () => Promise<number>;
  stop: () => Promise<void>;
}

interface TestApiOptions {
  env?: Record<string, string>;
  awaitBroker?: boolean;
  requestTimeoutMs?: number;
}

/**
 * The service over a socket, wired as main.ts does it, on the variables that a test cares for. Without
 * a JOURNAL_DIR among them it gets one of its own, which goes with it.
 */
export async function startApi(
  broker: { url: string },
  { env = {}, awaitBroker = true, requestTimeoutMs }: TestApiOptions = {},
): Promise<TestApi> {
  const ownFolder = await mkdtemp(join(tmpdir(), 'leadwire-journal-'));
  const variables = envSchema.parse({
    ADMIN_TOKEN,
    RATE_LIMIT_PER_MINUTE: '100000',
    FLOOD_LEADS_PER_MINUTE: '100000',
    JOURNAL_DIR: join(ownFolder, 'journal'),
    ...env,
  });
  const log = createLog('landing-api', 'silent');
  const bus = awaitBroker
    ? await openTestBus(broker, 'landing-api')
    : openBus({ url: broker.url, name: 'landing-api', log });
  const metrics = createMetrics('landing-api');
  const journal = await openJournal({ dir: variables.JOURNAL_DIR, log });
  measureJournal(metrics.registry, journal);
  const timeoutMs = variables.INTAKE_TIMEOUT_MS;
  const alerts = createAlerts(bus);
  const flood = createFloodGate({ bus, alerts, log, limit: variables.FLOOD_LEADS_PER_MINUTE });
  const held = createHeldAlerts({ alerts, log });
  const leadBus = dropHeldAfter(bus, variables.RETENTION_QUARANTINE_DAYS);
  const intake = createIntake({ bus: leadBus, journal, log, flood, held, timeoutMs });
  const watch = watchJournal(journal, log);
  const rejects = createRejects({
    bus,
    alerts,
    dir: variables.JOURNAL_DIR,
    log,
    timeoutMs: variables.INTAKE_TIMEOUT_MS,
  });
  const forms = createKnownForms({ bus, dir: variables.JOURNAL_DIR, log });
  const measures = createMeasures(metrics.registry);
  const now = () => new Date();
  const access = createAccess(variables, { bus, log });
  const facebook = connectFacebook(variables, {
    intake,
    measures,
    now,
    forms,
    rejects,
    alerts,
    log,
  });

  const http = await createHttp(variables, {
    log,
    bus,
    intake,
    journal,
    forms,
    facebook,
    rejects,
    challenge: createChallenge(variables, log),
    alerts,
    ledger: createLedger(bus),
    groups: createGroupReader(bus),
    links: createShortLinks(bus),
    measures,
    now,
    access,
    requestTimeoutMs,
  });
  const service = await startService({
    log,
    bus,
    metrics,
    port: 0,
    http,
    access,
    problem: () => intake.problem(),
    consume: () => [
      startDrain({ bus, journal, log }),
      startJournalAlerts({ journal, log, alerts }),
      flood.start(),
      startDiskAlerts({
        bus,
        alerts,
        log,
        dir: variables.JOURNAL_DIR,
        streamBytes: variables.NATS_MAX_STORE,
      }),
      held.start(),
      rejects.startCarrying(),
      ...(facebook ? [facebook.startPolling(variables.FACEBOOK_POLL_MS)] : []),
    ],
    onStop: () => watch.stop(),
  });
  const { url } = service;

  return {
    url,
    server: http.server,
    bus,
    journal,
    stop: async () => {
      await service.stop();
      await rm(ownFolder, { recursive: true, force: true });
    },
    post: (path, body, headers = {}) =>
      answerOf(
        fetch(url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    status: (leadId) =>
      answerOf(
        fetch(`${url}/api/landing/leads/${leadId}/status`, {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        }),
      ),
    lead: async (leadId) => {
      const stored = await bus.lastUnder('LEADS', subjects.anyLead(String(leadId)));
      return leadSchema.parse((stored?.event as { data?: unknown } | undefined)?.data);
    },
    countLeads: async () => {
      const { state } = await (await bus.manager()).streams.info('LEADS');
      return state.messages;
    },
  };
}

/** An answer with its JSON body. */
export async function answerOf(answering: Promise<Response>): Promise<Answer> {
  const response = await answering;
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

/** The ids of all leads in the stream, in the order in which it stored them. */
export async function storedLeads(bus: Bus): Promise<string[]> {
  const { state } = await (await bus.manager()).streams.info('LEADS');
  const seqs = Array.from({ length: state.messages }, (_, n) => state.first_seq + n);
  const stored = await Promise.all(seqs.map((seq) => bus.atSequence('LEADS', seq)));
  return stored.map((message) => message?.subject.split('.').at(-1) ?? 'removed');
}

/** A form as a careful person fills it in; `id` keeps two of them apart. */
export function form(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'Айгерим Сапарова',
    email: `aigerim.${id}@mail.kz`,
    phone: '8 (705) 123-45-67',
    answers: { interest: 'design', id },
    ...more,
  };
}
