/** mailer-batch as it runs in production, between a real broker, a real database and the sandbox; one rig for a test file. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import {
  createCampaignStore,
  type CampaignStore,
  type CampaignWithCounts,
  type NewCampaign,
  type RecipientRow,
} from '@leadwire/mailer-batch/campaigns/campaign-store';
import { createDraftStore, type DraftStore } from '@leadwire/mailer-batch/campaigns/draft-store';
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import { newId } from '@leadwire/shared/contract/ids';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { loadCampaignTemplates } from '@leadwire/templates/campaign-templates';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startSandboxThread, type SandboxThread } from '@leadwire/testing/sandbox-thread';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { mailerEnv } from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';

/** Long enough for a call, short enough to be waited for. */
export const LEASE_MS = 3_000;

export interface Person {
  contact: string;
  name?: string;
}

/** `count` invented people; `from` keeps those of two campaigns apart. */
export const people = (count: number, from = 0): Person[] =>
  Array.from({ length: count }, (_, index) => ({
    contact: `person-${from + index}@mail.leadwire-sample.kz`,
    name: 'Айгерим',
  }));

export interface RigOptions {
  /** What the sandbox's Resend allows, and what mailers are told. */
  ratePerSecond?: number;
  /** One for all tests of the file; others are stopped after their test. */
  hasMailer?: boolean;
}

/** Starts before the file's tests and ends after them. */
export function useRig({ ratePerSecond = 50, hasMailer = false }: RigOptions = {}) {
  let broker: TestBroker;
  let supabase: TestLanding;
  let sandbox: SandboxThread;
  let control: SandboxControl;
  let store: CampaignStore;
  let drafts: DraftStore;
  let running: ServiceHere[] = [];
  let shared: ServiceHere | undefined;

  beforeAll(async () => {
    [broker, supabase, sandbox] = await Promise.all([
      startNats(),
      startLanding(),
      startSandboxThread({ SANDBOX_RESEND_RATE_PER_SECOND: String(ratePerSecond) }),
    ]);
    control = sandbox.control;
    const { url } = supabase.landing;
    const serviceKey = supabase.env.LANDING_SUPABASE_SERVICE_KEY;
    const database = createDatabase({ project: 'landing', url, serviceKey });
    store = createCampaignStore(database);
    drafts = createDraftStore(database);
    if (hasMailer) shared = await startServiceHere(app, mailerVariables());
  }, 300_000);
  beforeEach(() => control.clearFaults());
  afterEach(async () => {
    await Promise.all(running.map((service) => service.stop()));
    running = [];
    // So that the next test's mailer finds nothing to do but its own.
    await supabase.landing.sql(
      `update campaigns set status = 'cancelled' where status in ('running', 'scheduled')`,
    );
  });
  afterAll(async () => {
    await shared?.stop();
    await sandbox?.stop();
    await Promise.all([broker?.close(), supabase?.close()]);
  });

  const mailerVariables = () => ({
    NATS_URL: broker.url,
    ...supabase.env,
    ...mailerEnv(sandbox.url),
    RESEND_RATE_PER_SECOND: String(ratePerSecond),
    CAMPAIGN_LEASE_MS: String(LEASE_MS),
  });

  const draft = async (list: Person[], given: Partial<NewCampaign> = {}): Promise<string> => {
    const campaign: NewCampaign = {
      id: newId(),
      name: 'Эфир перенесён',
      channel: 'email',
      template: 'stream-moved',
      variables: {},
      timeZone: 'Asia/Almaty',
      quietHours: null,
      ...given,
    };
    await drafts.make({ ...campaign, requestHash: null });
    const rows = list.map(({ contact, name = null }, index) => ({
      row: index + 1,
      contact,
      name,
      variables: {},
    }));
    const upload = newId();
    for (let from = 0; from < rows.length; from += 1_000) {
      const isLast = from + 1_000 >= rows.length;
      const part = { people: rows.slice(from, from + 1_000), leftOut: [] };
      await store.setAudience(campaign.id, part, { upload, first: from === 0, last: isLast });
    }
    return campaign.id;
  };

  const start = async (id: string, expected: number, batchSize = 100) => {
    const templates = await loadCampaignTemplates();
    const campaign = (await store.get(id))!;
    const { variables, own } = templates.sample('stream-moved');
    const read = templates.readVariables('stream-moved', variables);
    const owner = { ...own, timeZone: 'Asia/Almaty' };
    const checked = read.variables ?? {};
    const frozen = templates.freeze('stream-moved', campaign.channel, checked, owner);
    return store.start(campaign, { expected, frozen, batchSize });
  };

  // On a busy machine the database may not answer in time; asking again changes nothing.
  const campaign = (id: string): Promise<CampaignWithCounts> =>
    waitFor(() => store.get(id), { timeoutMs: 60_000, what: 'the campaign' });

  return {
    broker: () => broker,
    supabase: () => supabase,
    sandbox: () => sandbox,
    control: () => control,
    store: () => store,
    draft,
    start,
    campaign,

    /** A draft that was started. Its people are `list`, in batches of `batchSize`. */
    launch: async (
      list: Person[],
      given: Partial<NewCampaign> & { batchSize?: number } = {},
    ): Promise<string> => {
      const { batchSize, ...fields } = given;
      const id = await draft(list, fields);
      await start(id, list.length, batchSize);
      return id;
    },

    startMailer: async (env: Record<string, string> = {}): Promise<ServiceHere> => {
      const service = await startServiceHere(app, { ...mailerVariables(), ...env });
      running.push(service);
      return service;
    },
    /** One that can be killed. */
    startMailerProcess: async (env: Record<string, string> = {}): Promise<ServiceProcess> => {
      const entry = 'services/mailer-batch/src/main.ts';
      const service = await startServiceProcess({ entry, env: { ...mailerVariables(), ...env } });
      running.push(service);
      return service;
    },
    /** The mailer is gone: it is not stopped after the test. */
    forget: (service: ServiceHere): void => {
      running = running.filter((each) => each !== service);
    },

    until: (id: string, status: CampaignWithCounts['status'], timeoutMs = 40_000) =>
      waitFor(
        async () => {
          const found = await campaign(id);
          return found.status === status ? found : undefined;
        },
        { timeoutMs, what: `the campaign to be ${status}` },
      ),
    recipients: async (id: string): Promise<RecipientRow[]> => {
      const rows: RecipientRow[] = [];
      for (;;) {
        const page = await store.recipientsPage(id, rows.at(-1)?.row ?? 0, 1_000);
        if (page.length === 0) return rows;
        rows.push(...page);
      }
    },
    /** The addresses that mails of a campaign reached, once for each mail. */
    reached: async (id: string): Promise<string[]> => {
      const mails = await control.mails();
      const isOf = (tags: { name: string; value: string }[]) =>
        tags.some(({ name, value }) => name === 'campaign_id' && value === id);
      return mails.filter(({ tags }) => isOf(tags)).flatMap(({ to }) => to);
    },
    /** Calls of Resend's batch route with a campaign's keys. */
    calls: async (id: string) =>
      (await control.requests('resend')).filter(({ idempotencyKey }) =>
        idempotencyKey?.startsWith(`campaign-${id}-`),
      ),
  };
}

/** The most requests in any second, the window's end excluded. */
export function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.map((from, index) => sorted.slice(index).filter((at) => at < from + 1_000).length),
  );
}

export const sum = ({ counts }: CampaignWithCounts): number =>
  counts.pending + counts.sending + counts.sent + counts.failed + counts.skipped + counts.unknown;
