import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RetentionPolicy, StorageType, millis, nanos } from 'nats';
import { TopologyError } from '@leadwire/shared/broker/apply-topology';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { unhandledBefore } from '@leadwire/shared/broker/unhandled';
import { makeEvent } from '@leadwire/shared/contract/events';
import type { Retention } from '@leadwire/shared/contract/retention';
import { createLog } from '@leadwire/shared/runtime/log';
import { consumers } from '@leadwire/shared/contract/consumers';
import { buckets, streams, subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { startFakeNats } from '@leadwire/testing/fake-nats';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
const open: Bus[] = [];

beforeAll(async () => {
  broker = await startNats();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.drain()));
});
afterAll(() => broker.close());

/** One more service that starts: the topology is applied when it resolves. */
async function serviceStarts(url = broker.url): Promise<Bus> {
  const bus = openBus({ url, name: 'test', log: createLog('test', 'silent') });
  open.push(bus);
  await bus.ready;
  return bus;
}

async function present(bus: Bus) {
  const manager = await bus.manager();
  const names: string[] = [];
  for await (const { config } of manager.streams.list()) {
    names.push(config.name);
    for await (const { name } of manager.consumers.list(config.name)) names.push(name);
  }
  return names.sort();
}

const wanted = [
  ...Object.keys(streams),
  ...Object.keys(buckets).map((name) => `KV_${name}`),
  ...Object.keys(consumers),
].sort();

describe('the topology', () => {
  test('is made by five services that start at once on an empty broker', async () => {
    const [first] = await Promise.all(Array.from({ length: 5 }, () => serviceStarts()));
    expect(await present(first!)).toEqual(wanted);
  });

  test('applied again changes nothing and keeps the messages', async () => {
    const bus = await serviceStarts();
    const event = leadCreated(someLead());
    const subject = subjects.leadCreated('proftest', event.subject);
    await bus.publish(subject, event);
    const manager = await bus.manager();
    const before = (await manager.streams.info('LEADS')).config;
    await serviceStarts();
    expect((await manager.streams.info('LEADS')).config).toEqual(before);
    expect(await present(bus)).toEqual(wanted);
    expect((await bus.lastUnder('LEADS', subject))?.event).toEqual(event);
  });

  test('is what topology.ts says', async () => {
    const manager = await (await serviceStarts()).manager();
    for (const [name, spec] of Object.entries(streams)) {
      const { config } = await manager.streams.info(name);
      expect(config).toMatchObject({
        subjects: spec.subjects,
        retention: spec.retention,
        max_age: nanos(spec.maxAgeMs),
        storage: 'file',
      });
      expect(Boolean((config as { allow_msg_schedules?: boolean }).allow_msg_schedules)).toBe(
        'schedules' in spec,
      );
    }
    for (const [name, { ttlMs }] of Object.entries(buckets)) {
      const { config } = await manager.streams.info(`KV_${name}`);
      expect(config).toMatchObject({ max_age: nanos(ttlMs), storage: 'file' });
    }
  });

  test('is mended where that is harmless', async () => {
    const manager = await (await serviceStarts()).manager();
    await manager.streams.update('LEADS', {
      max_age: nanos(600_000),
      subjects: ['leads.created.*.*'],
    });
    await manager.streams.update('KV_deliveries', { max_age: nanos(600_000) });
    await manager.consumers.update('LEADS', 'notifier-plan', {
      ack_wait: nanos(1_000),
      filter_subjects: ['leads.created.proftest.*'],
    });
    await manager.consumers.delete('LEADS', 'lead-store-leads');
    // As an older version might have left it: a single filter in the other field.
    await manager.consumers.delete('CALLS', 'lead-store-calls');
    const single = { durable_name: 'lead-store-calls', filter_subject: 'calls.old.>' };
    await manager.consumers.add('CALLS', { ...single, ack_policy: 'explicit' as never });
    await serviceStarts();
    const { config } = await manager.streams.info('LEADS');
    expect(config.max_age).toBe(nanos(streams.LEADS.maxAgeMs));
    expect(config.subjects).toEqual(streams.LEADS.subjects);
    expect((await manager.streams.info('KV_deliveries')).config.max_age).toBe(0);
    const plan = await manager.consumers.info('LEADS', 'notifier-plan');
    expect(plan.config.ack_wait).toBe(nanos(30_000));
    expect(await present(open[0]!)).toEqual(wanted);
    const calls = await manager.consumers.info('CALLS', 'lead-store-calls');
    expect(calls.config.filter_subjects ?? [calls.config.filter_subject]).toEqual(
      consumers['lead-store-calls'].filters,
    );
  });
});

describe('how long streams keep people', () => {
  const DAY = 24 * 60 * 60_000;
  const set = { RETENTION_LEADS_DAYS: 400, RETENTION_QUARANTINE_DAYS: 7, RETENTION_CALLS_DAYS: 3 };

  async function apply(retention: Retention): Promise<{ bus: Bus; waiting: readonly string[] }> {
    let waiting: readonly string[] = ['not applied'];
    const onApplied = (found: readonly string[]) => {
      waiting = found;
    };
    const log = createLog('test', 'silent');
    const bus = openBus({ url: broker.url, name: 'test', log, retention, onApplied });
    open.push(bus);
    await bus.ready;
    return { bus, waiting };
  }

  const daysOf = async (bus: Bus, name: string) =>
    millis((await (await bus.manager()).streams.info(name)).config.max_age) / DAY;

  test('is what a person set, on a broker that is there; services leave it so, and a replay goes on with what is left', async () => {
    const bus = await serviceStarts();
    const event = leadCreated(someLead());
    await bus.publish(subjects.leadCreated('proftest', event.subject), event);
    // Nobody has handled it, but it is young: nothing of before is to go.
    expect((await apply(set)).waiting).toEqual([]);
    const service = await serviceStarts();
    const ages = await Promise.all(
      ['LEADS', 'INTAKE', 'CALLS', 'DEAD_LETTERS', 'DELIVERIES', 'STUDENTS'].map((name) =>
        daysOf(service, name),
      ),
    );
    expect(ages).toEqual([400, 7, 3, 365, 730, 730]);
    const left = subjects.leadCreated('proftest', event.subject);
    expect((await service.lastUnder('LEADS', left))?.event).toEqual(event);
  });

  test('stays longer while somebody has still to handle what would go, and says who', async () => {
    const bus = await serviceStarts();
    const manager = await bus.manager();
    const call = makeEvent('provider.called.v1', {
      source: 'test',
      subject: 'resend',
      data: {
        service: 'resend',
        action: 'resend.send',
        status: 'ok',
        durationMs: 1,
        at: new Date().toISOString(),
      },
    });
    await bus.publish(subjects.call('resend', 'ok'), call);
    const { seq } = (await bus.lastUnder('CALLS', subjects.call('resend', 'ok')))!;
    // In a moment it is older than nothing at all.
    const names = () => unhandledBefore(manager, 'CALLS', 0);
    await waitFor(async () => (await names())?.includes('lead-store-calls'));
    const [message] = await (
      await bus.jetstream().consumers.get('CALLS', 'lead-store-calls')
    )
      .fetch({ max_messages: 1 })
      .then(async (batch) => {
        const found = [];
        for await (const each of batch) found.push(each);
        return found;
      });
    expect(message!.seq).toBe(seq);
    await message!.ackAck();
    await waitFor(async () => (await names()) === undefined);
  });
});

describe('a broker that would lose or repeat messages', () => {
  async function refusedWith(name: string, config: object): Promise<unknown> {
    const bus = await openTestBus(broker, 'person');
    const manager = await bus.manager();
    await manager.streams.delete(name);
    await manager.streams.add({ name, ...config });
    const refused = await serviceStarts().catch((thrown: unknown) => thrown);
    await manager.streams.delete(name);
    await bus.drain();
    return refused;
  }

  test.each([
    ['another retention', 'LEADS', { retention: RetentionPolicy.Workqueue }, /LEADS has retention/],
    ['memory storage', 'LEADS', { storage: StorageType.Memory }, /LEADS has storage/],
    [
      'no schedules',
      'NOTIFICATIONS',
      { retention: RetentionPolicy.Workqueue },
      /allow_msg_schedules/,
    ],
  ])('is refused for %s, in words', async (_, name, config, words) => {
    const subjectsOf = [...streams[name as 'LEADS'].subjects];
    const refused = await refusedWith(name, { subjects: subjectsOf, ...config });
    expect(refused).toBeInstanceOf(TopologyError);
    expect((refused as Error).message).toMatch(words);
  });

  test('is refused for a ledger in memory', async () => {
    const refused = await refusedWith('KV_deliveries', {
      subjects: ['$KV.deliveries.>'],
      storage: StorageType.Memory,
      max_msgs_per_subject: 1,
    });
    expect(refused).toBeInstanceOf(TopologyError);
    expect((refused as Error).message).toMatch(/bucket deliveries/);
  });

  test.each(['2.9.10', '2.14.9', '1.99.0'])('is refused at version %s', async (version) => {
    const old = await startFakeNats({ version });
    const refused = await serviceStarts(old.url).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(TopologyError);
    expect((refused as Error).message).toContain('nats-server 2.15 or newer is needed');
    await Promise.all(open.splice(0).map((bus) => bus.drain()));
    await old.close();
  });
});
