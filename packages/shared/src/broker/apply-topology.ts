/**
 * Makes the broker look like topology.ts, any number of times, from any number of services at once.
 * It looks first and writes only where something is missing or differs, so a user who may not create
 * or change anything passes when everything is as it should be.
 */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  ErrorCode,
  StorageType,
  millis,
  nanos,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
  type NatsConnection,
  type StreamConfig,
} from 'nats';
import { unhandledBefore } from './unhandled.ts';
import { ageOf, type Retention } from '../contract/retention.ts';
import { consumers, type ConsumerName, type ConsumerSpec } from '../contract/consumers.ts';
import type { StreamSpec } from '../contract/streams.ts';
import { DUPLICATE_WINDOW_MS, buckets, streams, type BucketSpec } from '../contract/topology.ts';
import { TransientError } from '../errors.ts';

/** Oldest broker whose schedules survive a recovery (nats-server 2.15 release notes). */
const OLDEST_BROKER = [2, 15] as const;
const NOT_FOUND = [10059, 10014];

/** The broker holds something that differs in a way that would lose or repeat messages. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
}

/** Flags of newer brokers that the client's types do not know; it sends them as they are. */
type WireStreamConfig = Partial<StreamConfig> & {
  allow_msg_schedules?: boolean;
  allow_msg_ttl?: boolean;
  allow_atomic?: boolean;
};

/**
 * Creates what is missing and updates what may change (ages, subjects, filters, replicas). Answers with the streams that
 * keep an age which is longer than `retention` says, in words: what they hold of before has still to be handled.
 * @throws TopologyError when a stream exists with another retention, storage or schedule flag, or
 * when the broker is too old: running on it would lose or repeat messages, so nobody starts. Also when
 * something has to be created or changed and this user may not.
 * @throws TransientError while the connection is lost
 */
export async function applyTopology(
  connection: NatsConnection,
  { replicas, retention }: { replicas: number; retention?: Retention | undefined },
): Promise<readonly string[]> {
  if (connection.info === undefined) throw new TransientError('the broker is gone');
  requireVersion(connection.info.version);
  const manager = await connection.jetstreamManager({ checkAPI: false });
  const waiting: string[] = [];
  for (const [name, spec] of Object.entries<StreamSpec>(streams)) {
    const why = await applyStream(manager, name, spec, { replicas, retention });
    if (why !== undefined) waiting.push(why);
  }
  for (const [name, spec] of Object.entries<BucketSpec>(buckets)) {
    await applyBucket(connection, name, spec, replicas);
  }
  for (const name of Object.keys(consumers)) {
    await applyConsumer(manager, name);
  }
  return waiting;
}

function requireVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOldEnough =
    major > OLDEST_BROKER[0] || (major === OLDEST_BROKER[0] && minor >= OLDEST_BROKER[1]);
  if (!isOldEnough) {
    throw new TopologyError(
      `nats-server ${OLDEST_BROKER.join('.')} or newer is needed, this is ${version}`,
    );
  }
}

async function applyStream(
  manager: JetStreamManager,
  name: string,
  spec: StreamSpec,
  { replicas, retention }: { replicas: number; retention: Retention | undefined },
): Promise<string | undefined> {
  const existing = await found(manager.streams.info(name));
  const actualMs = existing && millis(existing.config.max_age);
  const ageMs = ageOf(name, spec, actualMs, retention);
  const isShorter = retention !== undefined && actualMs !== undefined && ageMs < actualMs;
  const waiting = isShorter ? await unhandledBefore(manager, name, ageMs) : undefined;
  const wanted: WireStreamConfig = {
    name,
    subjects: [...spec.subjects],
    retention: spec.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(waiting === undefined ? ageMs : actualMs!),
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    num_replicas: replicas,
    allow_direct: true,
    ...((spec.schedules ?? spec.ttls) && { allow_msg_ttl: true }),
    ...(spec.schedules && { allow_msg_schedules: true }),
    ...(spec.batches && { allow_atomic: true }),
  };
  if (!existing) {
    await allowed(`stream ${name}`, () => manager.streams.add(wanted));
    return undefined;
  }
  const actual = existing.config as WireStreamConfig;
  for (const flag of ['retention', 'storage', 'allow_msg_schedules'] as const) {
    if ((actual[flag] ?? false) !== (wanted[flag] ?? false)) {
      throw new TopologyError(
        `stream ${name} has ${flag} "${String(actual[flag] ?? false)}" where "${String(wanted[flag] ?? false)}" is needed: ` +
          'running on it would lose or repeat messages. Move its messages away and delete it, or use another broker.',
      );
    }
  }
  if (!isAsWanted(actual, wanted)) {
    await allowed(`stream ${name}`, () => manager.streams.update(name, wanted));
  }
  return waiting;
}

/** The client leaves a bucket that exists as it is; one that forgets keys would repeat messages. */
async function applyBucket(
  connection: NatsConnection,
  name: string,
  spec: BucketSpec,
  replicas: number,
): Promise<void> {
  const manager = await connection.jetstreamManager({ checkAPI: false });
  const stream = `KV_${name}`;
  const existing = await found(manager.streams.info(stream));
  if (!existing) {
    return allowed(`bucket ${name}`, () =>
      connection.jetstream().views.kv(name, {
        history: 1,
        replicas,
        storage: StorageType.File,
        ...(spec.ttlMs > 0 && { ttl: spec.ttlMs }),
      }),
    );
  }
  if (existing.config.storage !== StorageType.File) {
    throw new TopologyError(
      `bucket ${name} is kept in memory: a restart of the broker would repeat messages`,
    );
  }
  const wanted = { max_age: nanos(spec.ttlMs), num_replicas: replicas };
  if (isAsWanted(existing.config, wanted)) return;
  await allowed(`bucket ${name}`, () => manager.streams.update(stream, wanted));
}

async function applyConsumer(manager: JetStreamManager, name: string): Promise<void> {
  const spec = consumers[name as ConsumerName];
  const config = consumerConfig(name, spec);
  const existing = await found(manager.consumers.info(spec.stream, name));
  if (!existing) {
    return allowed(`consumer ${name}`, () => manager.consumers.add(spec.stream, config));
  }
  const { filter_subject: single, filter_subjects: several } = existing.config;
  const actual = { ...existing.config, filter_subjects: single ? [single] : several };
  if (isAsWanted(actual, config)) return;
  // The update is laid over what is there, so a single filter of before would stay beside ours.
  const update = { filter_subject: '', ...config };
  await allowed(`consumer ${name}`, () => manager.consumers.update(spec.stream, name, update));
}

/**
 * The durable as the broker has it; one that is missing is made as topology.ts says. It then starts
 * with the oldest message of its stream: handlers know what they have done before.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  name: ConsumerName,
): Promise<ConsumerInfo> {
  const { stream } = consumers[name];
  const existing = await found(manager.consumers.info(stream, name));
  return existing ?? manager.consumers.add(stream, consumerConfig(name, consumers[name]));
}

function consumerConfig(name: string, spec: ConsumerSpec): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(spec.ackWaitMs),
    // Attempts are counted by us: the broker's own limit would leave messages stranded silently.
    max_deliver: -1,
    max_ack_pending: spec.inOrder ? 1 : 1_000,
    filter_subjects: [...spec.filters],
  };
}

/** What is wanted, key by key; the broker leaves out what is off or empty. */
function isAsWanted(actual: object, wanted: object): boolean {
  const held = new Map<string, unknown>(Object.entries(actual));
  return Object.entries(wanted).every(
    ([key, value]) => JSON.stringify(held.get(key) || null) === JSON.stringify(value || null),
  );
}

/** @throws TopologyError in words when the broker does not let this user write. */
async function allowed(what: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== ErrorCode.PermissionsViolation) throw thrown;
    throw new TopologyError(
      `${what} is missing or differs, and this user may not change it: run "leadwire topology apply" as the admin user`,
      { cause: thrown },
    );
  }
}

async function found<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (thrown) {
    const code = (thrown as { api_error?: { err_code?: number } }).api_error?.err_code;
    if (code !== undefined && NOT_FOUND.includes(code)) return undefined;
    throw thrown;
  }
}
