/**
 * The part of the system that sends campaigns: a broker, the database behind a gate, two processes of mailer-batch, and
 * the providers in a process of their own, so that nothing here delays what they write down as times of arrival.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptions, type Preload } from '@leadwire/testing/preload';
import { startSandboxThread } from '@leadwire/testing/sandbox-thread';
import { mailerEnv } from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import {
  createCampaignStore,
  type CampaignStore,
} from '@leadwire/mailer-batch/campaigns/campaign-store';
import { createDraftStore, type DraftStore } from '@leadwire/mailer-batch/campaigns/draft-store';
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { startNats } from '@leadwire/testing/nats';
import { createReplica, type Replica } from '../leads/replica.ts';
import { openLine } from '../leads/world.ts';

/** Claims of the dead end after so long instead of a minute, and late answers outlast them. */
export const LEASE_MS = 5_000;
/** How long Mobizon's listing and counters lag in this world, and how long mailers are told to allow for it. */
const LAG_MS = { real: 3_000, told: 4_000 };

/** What stands between the mailers and their database. */
export interface Gate {
  /** Connections that were turned away. */
  readonly refused: number;
  shut(): Promise<void>;
  open(): Promise<void>;
}

export interface CampaignWorld {
  /** Our own connection to the broker, past every fault. */
  bus: Bus;
  supabase: TestLanding;
  /** The product's own functions, past the gate. */
  store: CampaignStore;
  drafts: DraftStore;
  sandbox: SandboxControl;
  mailers: readonly [Replica, Replica];
  rates: Rates;
  gate: Gate;
  /** Steps at which processes have ended themselves so far, as preload/crash-at-call.ts writes them. */
  diary(): Promise<string[]>;
  /** SIGKILL; nothing happens when it is down already. */
  brokerDown(): Promise<void>;
  brokerUp(): Promise<void>;
  /** Starts what is halted and waits until all are ready. */
  allRunning(): Promise<void>;
  close(): Promise<void>;
}

/** Calls per second of each account, all replicas together. */
export interface Rates {
  /** What the providers allow. */
  allowed: number;
  /** What mailers are told that they allow. */
  told: number;
}

export interface CampaignWorldOptions {
  rates: Rates;
  /** Preloaded beside `crash-at-call.ts`. */
  preload?: readonly Preload[];
  env?: Record<string, string>;
  /** Variables for the next process: where it ends itself. */
  nextEnv: () => Record<string, string>;
  onCrash: () => void;
}

/** Starts all of it and waits for it. */
export async function startCampaignWorld(options: CampaignWorldOptions): Promise<CampaignWorld> {
  const { rates } = options;
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-chaos-'));
  const diaryFile = join(folder, 'diary');
  const [broker, supabase, providers] = await Promise.all([
    startNats(),
    startLanding(),
    startSandboxThread({
      SANDBOX_RESEND_RATE_PER_SECOND: String(rates.allowed),
      SANDBOX_MOBIZON_RATE_PER_SECOND: String(rates.allowed),
      SANDBOX_MOBIZON_BALANCE: '10000000',
    }),
  ]);
  const sandbox = providers.control;
  await sandbox.mobizon.set({ indexLagMs: LAG_MS.real, countersLagMs: LAG_MS.real });
  await sandbox.resend.set({ crashRecoveryMs: 1_000 });
  const { gate, port, closeGate } = await openGate(Number(new URL(supabase.landing.url).port));
  const bus = openBus({ url: broker.url, name: 'chaos', log: createLog('chaos', 'silent') });
  await bus.ready;
  const mailer = (nth: number): Replica =>
    createReplica({
      name: `mailer-batch ${nth}`,
      entry: 'services/mailer-batch/src/main.ts',
      onCrash: options.onCrash,
      env: () => ({
        ...mailerEnvFor(providers.url, supabase, rates),
        NODE_OPTIONS: nodeOptions(['crash-at-call.ts', ...(options.preload ?? [])]),
        NATS_URL: broker.url,
        LANDING_SUPABASE_URL: `http://127.0.0.1:${port}`,
        CHAOS_CRASH_DIARY: diaryFile,
        ...options.env,
        ...options.nextEnv(),
      }),
    });
  const mailers = [mailer(1), mailer(2)] as const;
  let isBrokerUp = true;

  const world: CampaignWorld = {
    bus,
    supabase,
    sandbox,
    mailers,
    rates,
    gate,
    ...storesOf(supabase),
    diary: async () => {
      const text = await readFile(diaryFile, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
    async brokerDown() {
      if (!isBrokerUp) return;
      isBrokerUp = false;
      await broker.kill();
      options.onCrash();
    },
    async brokerUp() {
      if (!isBrokerUp) await broker.start();
      isBrokerUp = true;
    },
    async allRunning() {
      for (const each of mailers) each.start();
      await Promise.all(mailers.map((each) => each.untilReady()));
    },
    async close() {
      await Promise.all(mailers.map((each) => each.halt()));
      await bus.drain();
      await closeGate();
      await Promise.all([broker.close(), supabase.close(), providers.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  await world.allRunning();
  return world;
}

function storesOf({ landing, env }: TestLanding): Pick<CampaignWorld, 'store' | 'drafts'> {
  const serviceKey = env.LANDING_SUPABASE_SERVICE_KEY;
  const database = createDatabase({ project: 'landing', url: landing.url, serviceKey });
  return { store: createCampaignStore(database), drafts: createDraftStore(database) };
}

function mailerEnvFor(
  providers: string,
  supabase: TestLanding,
  { told }: Rates,
): Record<string, string> {
  return {
    ...supabase.env,
    ...mailerEnv(providers),
    RESEND_RATE_PER_SECOND: String(told),
    MOBIZON_RATE_PER_SECOND: String(told),
    MOBIZON_LISTING_LAG_MS: String(LAG_MS.told),
    CAMPAIGN_LEASE_MS: String(LEASE_MS),
  };
}

/** A line to a port that turns callers away while it is shut, and counts them. */
async function openGate(target: number) {
  const line = await openLine(target);
  let refused = 0;
  let keeper: Server | undefined;
  const gate: Gate = {
    get refused() {
      return refused;
    },
    async shut() {
      if (keeper) return;
      await line.down();
      keeper = createServer((socket) => {
        refused += 1;
        socket.on('error', () => undefined).destroy();
      });
      await once(keeper.listen(line.port, '127.0.0.1'), 'listening');
    },
    async open() {
      if (!keeper) return;
      const closed = once(keeper, 'close');
      keeper.close();
      keeper = undefined;
      await closed;
      await line.up();
    },
  };
  const closeGate = async (): Promise<void> => {
    await gate.open();
    await line.down();
  };
  return { gate, port: line.port, closeGate };
}
