/**
 * The system as it runs in production, on this machine: a broker that syncs before it acknowledges, both databases,
 * providers that keep a ledger of what they really did, and two processes of every service (of crm-sync where wanted).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type SandboxControl } from '@leadwire/sandbox/sandbox';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import { freePort, startNats } from '@leadwire/testing/nats';
import { nodeOptions, type Preload } from '@leadwire/testing/preload';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { ADMIN_TOKEN, MOBIZON_KEY, notifierEnv } from '@leadwire/testing/settings';
import { startTcpProxy, type TcpProxy } from '@leadwire/testing/tcp-proxy';
import type { Random } from '../random.ts';
import { createReplica, type Replica } from './replica.ts';
import { amocrmOptions, crmEnv } from '../crm/world.ts';

export const serviceNames = ['landing-api', 'notifier', 'lead-store', 'crm-sync'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface WorldOptions {
  random: Random;
  /** Another program in place of a service's own main file. */
  entries?: Partial<Record<ServiceName, string>>;
  /** Variables for every process of every service. */
  env?: Record<string, string>;
  /** Preloaded into the processes. */
  preload?: readonly Preload[];
  /** Variables for the next process of a replica: faults of its own. */
  envOf?: (service: ServiceName, name: string) => Record<string, string>;
  onCrash?: () => void;
  /** Two processes of crm-sync as well: AmoCRM is slow, so it is only in the worlds that are about it. */
  withCrm?: boolean;
  /** Processes of each service that run; both unless given. */
  replicas?: 1 | 2;
}

/** A connection that passes through us, to be spoiled or cut. */
export interface Line {
  /** Where to connect to. */
  readonly port: number;
  readonly proxy: TcpProxy;
  /** Nobody listens any more, and what was connected is cut. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface World {
  /** Our own connection to the broker, past every fault. */
  bus: Bus;
  supabase: TestSupabase;
  sandbox: SandboxControl;
  replicas: Record<ServiceName, [Replica, Replica]>;
  /** Whether anybody works for AmoCRM. */
  hasCrm: boolean;
  lines: { broker: Line; providers: Line; landing: Line; tripwire: Line };
  /** Where the landing-api processes listen. */
  addresses: string[];
  /** The folder with the journals of both. */
  journals: string;
  everyReplica(): Replica[];
  /** SIGKILL; nothing happens when it is down already. */
  brokerDown(): Promise<void>;
  /** Starts it on the same storage, unless it runs. */
  brokerUp(): Promise<void>;
  /** Starts what is halted and waits until all are ready. */
  allRunning(): Promise<void>;
  close(): Promise<void>;
}

/** Starts all of it; services start as well, and are waited for. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-chaos-'));
  const [broker, supabase, sandbox] = await Promise.all([
    startNats(),
    startSupabase(),
    startSandbox({
      seed: options.random.int(1, 1_000_000),
      resend: { ratePerSecond: 1_000, crashRecoveryMs: 1_000 },
      mailgun: { ratePerSecond: 1_000, eventsLagMs: 300 },
      mobizon: {
        apiKey: MOBIZON_KEY,
        ratePerSecondPerMethod: 1_000,
        balance: 10_000_000,
        indexLagMs: 300,
      },
      amocrm: amocrmOptions,
    }),
  ]);
  const portOf = (url: string) => Number(new URL(url).port);
  const [brokerLine, providers, landing, tripwire] = await Promise.all(
    [broker.url, sandbox.url, supabase.landing.url, supabase.tripwire.url].map((url) =>
      openLine(portOf(url)),
    ),
  );
  if (!brokerLine || !providers || !landing || !tripwire) throw new Error('no lines');
  const lines = { broker: brokerLine, providers, landing, tripwire };
  const ports = [await freePort(), await freePort()];
  const bus = openBus({ url: broker.url, name: 'chaos', log: createLog('chaos', 'silent') });
  await bus.ready;

  const replica = (service: ServiceName, nth: 1 | 2): Replica => {
    const name = `${service} ${nth}`;
    return createReplica({
      name,
      entry: options.entries?.[service] ?? `services/${service}/src/main.ts`,
      onCrash: () => options.onCrash?.(),
      env: () => ({
        ...commonEnv(lines, supabase),
        NODE_OPTIONS: nodeOptions(options.preload ?? []),
        // The first of each reaches the broker through a line that can be spoiled.
        NATS_URL: nth === 1 ? `nats://127.0.0.1:${lines.broker.port}` : broker.url,
        ...(service === 'landing-api' && {
          PORT: String(ports[nth - 1]),
          JOURNAL_DIR: join(folder, `journal-${nth}`),
        }),
        ...(service === 'crm-sync' && crmEnv(`http://127.0.0.1:${lines.providers.port}`)),
        ...options.env,
        ...options.envOf?.(service, name),
      }),
    });
  };
  const pair = (service: ServiceName): [Replica, Replica] => [
    replica(service, 1),
    replica(service, 2),
  ];
  const replicas = {
    'landing-api': pair('landing-api'),
    notifier: pair('notifier'),
    'lead-store': pair('lead-store'),
    'crm-sync': pair('crm-sync'),
  };
  let isBrokerUp = true;
  const hasCrm = options.withCrm ?? false;
  const services = serviceNames.filter((name) => hasCrm || name !== 'crm-sync');
  const wanted = options.replicas ?? 2;
  const everyReplica = () => services.flatMap((name) => replicas[name].slice(0, wanted));

  const world: World = {
    bus,
    supabase,
    lines,
    replicas,
    hasCrm,
    everyReplica,
    sandbox: sandbox.control,
    addresses: ports.slice(0, wanted).map((port) => `http://127.0.0.1:${port}`),
    journals: folder,
    async brokerDown() {
      if (!isBrokerUp) return;
      isBrokerUp = false;
      await broker.kill();
      options.onCrash?.();
    },
    async brokerUp() {
      if (!isBrokerUp) await broker.start();
      isBrokerUp = true;
    },
    async allRunning() {
      for (const each of everyReplica()) each.start();
      await Promise.all(everyReplica().map((each) => each.untilReady()));
    },
    async close() {
      await Promise.all(everyReplica().map((each) => each.halt()));
      await bus.drain();
      await Promise.all(Object.values(lines).map((line) => line.down()));
      await Promise.all([broker.close(), supabase.close(), sandbox.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  await world.allRunning();
  return world;
}

function commonEnv(lines: World['lines'], supabase: TestSupabase): Record<string, string> {
  const at = ({ port }: Line) => `http://127.0.0.1:${port}`;
  return {
    ...notifierEnv(at(lines.providers)),
    ADMIN_TOKEN,
    RATE_LIMIT_PER_MINUTE: '1000000',
    FLOOD_LEADS_PER_MINUTE: '1000000',
    NOTIFY_DELAY_MS: '1000',
    RESEND_RATE_PER_SECOND: '200',
    MAILGUN_BASE_URL: `${at(lines.providers)}/mailgun`,
    MOBIZON_RATE_PER_SECOND: '200',
    MOBIZON_LISTING_LAG_MS: '1000',
    ...supabase.env,
    LANDING_SUPABASE_URL: at(lines.landing),
    TRIPWIRE_SUPABASE_URL: at(lines.tripwire),
  };
}

/** Opens a connection to a port of this machine that can be spoiled or cut. */
export async function openLine(targetPort: number): Promise<Line> {
  let proxy = await startTcpProxy(targetPort);
  const { port } = proxy;
  let isUp = true;
  return {
    port,
    get proxy() {
      return proxy;
    },
    async down() {
      if (isUp) await proxy.close();
      isUp = false;
    },
    async up() {
      if (!isUp) proxy = await startTcpProxy(targetPort, port);
      isUp = true;
    },
  };
}
