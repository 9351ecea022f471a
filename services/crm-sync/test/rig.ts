/** crm-sync as it runs in production, between a real broker and the sandbox; one rig for a test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { app as landingApi } from '@leadwire/landing-api/app';
import { keepServices } from '@leadwire/testing/kept-services';
import { nodeOptions } from '@leadwire/testing/preload';
import { startSandboxThread, type SandboxThread } from '@leadwire/testing/sandbox-thread';
import { ADMIN_TOKEN, CONTACT_HASH_SECRET } from '@leadwire/testing/settings';
import type { AmocrmOptions } from '@leadwire/sandbox/amocrm/lifecycle/settings';
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  eventSchemas,
  type CrmOutcome,
  type CrmRecord,
  type Lead,
} from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { ServiceHere } from '@leadwire/testing/service-here';
import type { ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { app, createPorts } from '../src/app.ts';
import { envSchema } from '../src/env.ts';

export const PIPELINE = 10_350_882;
/** The sandbox's stages, in the order of the board. */
export const STAGES = {
  first: 83_201_002,
  kaspi: 83_201_101,
  halyk: 83_201_102,
  robokassa: 83_201_103,
  lesson1: 83_201_201,
  lesson2: 83_201_202,
  lesson3: 83_201_203,
  won: 142,
  lost: 143,
};
export const ID_FIELD = 850_001;
export const TOKEN = 'amocrm-sandbox-long-lived-token';

/** Of one wait; a machine may be several times slower than this one. */
export const PATIENCE_MS = 90_000;

/** Of the sandbox: wide, because limits have a test of their own. */
const WIDE = { ratePerSecond: 500, accountRatePerSecond: 500 };

/**
 * For tests that kill: what a dead process held comes back in seconds, not in half a minute. The same
 * preload as the chaos suite's for the broker's ack_wait, an option of the service for its locks.
 */
export const IMPATIENT = {
  NODE_OPTIONS: nodeOptions(['impatient.ts']),
  AMOCRM_LEASE_MS: '4000',
};

const ENTRY = 'services/crm-sync/src/main.ts';

/** Starts before the file's tests and ends after them; so do its services, unless one is wanted otherwise. */
export function useRig(amocrm: AmocrmOptions = WIDE) {
  let broker: TestBroker;
  let sandbox: SandboxThread;
  let control: SandboxControl;
  let bus: Bus;
  const services = keepServices();
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadwire-crm-'));
    [broker, sandbox] = await Promise.all([
      startNats(),
      startSandboxThread({ SANDBOX_AMOCRM_INDEX_LAG_MS: '0' }),
    ]);
    control = sandbox.control;
    await control.amocrm.set(amocrm);
    bus = await openTestBus(broker, 'test');
  });
  afterAll(async () => {
    await services.stop();
    await bus.drain();
    await Promise.all([broker.close(), sandbox.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => control.clearFaults());
  afterEach(() => services.release());

  const envWith = (env: Record<string, string>): Record<string, string> => ({
    NATS_URL: broker.url,
    LOG_LEVEL: 'debug',
    ...crmEnv(),
    ...env,
  });

  /** The newest fact of this kind about the lead, once there is one. */
  const told = (leadId: string, outcome: CrmOutcome): Promise<CrmRecord> =>
    waitFor(
      async () => {
        const found = await bus.lastUnder('DELIVERIES', subjects.crm(outcome, leadId));
        return found && eventSchemas['crm.recorded.v1'].parse(found.event).data;
      },
      { timeoutMs: PATIENCE_MS, what: `${leadId} to be ${outcome}` },
    );

  return {
    broker: () => broker,
    bus: () => bus,
    control: () => control,
    told,
    sandboxUrl: () => `${sandbox.url}/amocrm`,

    /** Ends what was kept: the next one remembers nothing. */
    stopServices: () => services.stop(),

    startApi: (env: Record<string, string>): Promise<ServiceHere> =>
      services.startHere(landingApi, {
        NATS_URL: broker.url,
        ADMIN_TOKEN,
        JOURNAL_DIR: join(folder, 'journal'),
        ...env,
      }),

    startCrm: (env: Record<string, string> = {}): Promise<ServiceHere> =>
      services.startHere(app, envWith(env)),

    /** Two replicas, the second as a process. */
    startTwo: (env: Record<string, string> = {}): Promise<[ServiceHere, ServiceProcess]> =>
      services.startTwo(app, ENTRY, envWith(env)),

    /** One that can be killed. */
    startCrmProcess: (env: Record<string, string> = {}): Promise<ServiceProcess> =>
      services.start(ENTRY, envWith(env)),

    /** The same parts in this process, for what happens between two steps. */
    ports: (env: Record<string, string> = {}) =>
      createPorts(envSchema.parse({ NATS_URL: broker.url, ...crmEnv(), ...env }), {
        bus,
        log: createLog('crm-sync', 'silent'),
        metrics: createMetrics('crm-sync'),
      }),

    /** Resolves when one of the services has settled the message as done. */
    handled: (services: Pick<ServiceProcess, 'logs'>[], seq: number) =>
      waitFor(
        () =>
          services.some(({ logs }) =>
            logs.some((line) => line['seq'] === seq && line['outcome'] === 'ok'),
          ),
        { timeoutMs: PATIENCE_MS, what: `message ${seq} to be handled` },
      ),

    publishLead: async (lead: Lead): Promise<void> => {
      await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
    },
    synced: (lead: Lead) => told(lead.leadId, 'synced'),

    /** The person's deals that are not deleted, oldest first. */
    dealsOf: async (lead: Pick<Lead, 'phone' | 'email'>) => {
      const contacts = await contactsOf(lead);
      const ids = contacts.flatMap(({ id }) => id);
      const all = await control.amocrm.leads();
      return all.filter(
        (deal) => !deal.isDeleted && deal.contactIds.some((id) => ids.includes(id)),
      );
    },
    contactsOf,
    deal: async (id: number | undefined) =>
      (await control.amocrm.leads()).find((deal) => deal.id === id)!,

    /** Calls that arrived at AmoCRM since the last reset, most at once in any second. */
    busiestSecond: async (): Promise<number> => {
      const times = (await control.requests('amocrm')).map(({ at }) => at).sort((a, b) => a - b);
      const within = (from: number) => times.filter((at) => at >= from && at < from + 1_000).length;
      return Math.max(0, ...times.map(within));
    },
  };

  function crmEnv(): Record<string, string> {
    return {
      CONTACT_HASH_SECRET,
      AMOCRM_BASE_URL: `${sandbox.url}/amocrm`,
      AMOCRM_LONG_LIVED_TOKEN: TOKEN,
      AMOCRM_PIPELINE_ID: String(PIPELINE),
      AMOCRM_STAGE_DEFAULT: String(STAGES.first),
      AMOCRM_STAGE_KASPI: String(STAGES.kaspi),
      AMOCRM_STAGE_HALYK: String(STAGES.halyk),
      AMOCRM_STAGE_ROBOKASSA: String(STAGES.robokassa),
      AMOCRM_STAGE_LESSON_1: String(STAGES.lesson1),
      AMOCRM_STAGE_LESSON_2: String(STAGES.lesson2),
      AMOCRM_STAGE_LESSON_3: String(STAGES.lesson3),
      AMOCRM_TAG_SLUGS: 'spring_a',
      AMOCRM_RATE_PER_SECOND: '50',
      AMOCRM_SEARCH_LAG_MS: '2000',
      AMOCRM_BLOCK_PROBE_MS: '1500',
    };
  }

  async function contactsOf({ phone, email }: Pick<Lead, 'phone' | 'email'>) {
    const digits = (text: string) => text.replace(/\D/g, '').slice(-10);
    const all = await control.amocrm.contacts();
    return all.filter(
      (contact) =>
        !contact.isDeleted &&
        ((phone !== null && contact.phones.some((one) => digits(one) === digits(phone))) ||
          (email !== null && contact.emails.includes(email))),
    );
  }
}
