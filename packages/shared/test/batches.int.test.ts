import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamConfig } from 'nats';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'batches-test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const newLead = () => leadCreated({ ...someLead(), leadId: newId() });
type Lead = ReturnType<typeof newLead>;
const publish = (event: Lead, from = bus) =>
  from.publish(subjects.leadCreated('proftest', event.subject), event, {
    onceUnder: subjects.anyLead(event.subject),
    headers: { own: event.id },
  });
const find = (event: Lead) => bus.lastUnder('LEADS', subjects.anyLead(event.subject));
const count = async () => (await (await bus.manager()).streams.info('LEADS')).state.messages;

test('what is published at once travels together, and each knows its own place', async () => {
  const leads = Array.from({ length: 500 }, newLead);
  const before = await count();
  const published = await Promise.all(leads.map((lead) => publish(lead)));
  const found = await Promise.all(leads.map(find));
  expect(found.map((each) => each?.event)).toEqual(leads);
  expect(found.map((each) => each?.header('own'))).toEqual(leads.map(({ id }) => id));
  expect(published).toEqual(found.map((each) => ({ seq: each?.seq, stored: true })));
  expect(await count()).toBe(before + 500);
  const batches = new Set(found.map((each) => each?.header('Nats-Batch-Id')));
  const alone = found.filter((each) => each?.header('Nats-Batch-Id') === undefined);
  expect(alone.length).toBeLessThan(50);
  expect(batches.size).toBeLessThan(20);
});

test('held leads, which say themselves how long they are kept, travel like the others', async () => {
  const leads = Array.from({ length: 100 }, newLead);
  const published = await Promise.all(
    leads.map((lead) =>
      bus.publish(subjects.leadCreated('proftest', lead.subject), lead, {
        onceUnder: subjects.anyLead(lead.subject),
        headers: { 'Nats-TTL': '1h' },
      }),
    ),
  );
  expect(published.map(({ stored }) => stored)).toEqual(leads.map(() => true));
  const last = await find(leads.at(-1)!);
  expect(last?.header('Nats-Batch-Id')).toBeDefined();
  expect(last?.header('Nats-TTL')).toBe('1h');
});

test('one that may not be stored takes no other with it', async () => {
  const leads = Array.from({ length: 100 }, newLead);
  const taken = leads[60]!;
  await publish(taken);
  const late: Lead = { ...taken, id: newId() };
  const published = await Promise.all(leads.map((lead) => publish(lead === taken ? late : lead)));
  expect(published.filter(({ stored }) => !stored)).toHaveLength(1);
  expect(published[60]).toMatchObject({ stored: false, existing: { event: taken } });
  expect((await Promise.all(leads.map(find))).map((each) => each?.event)).toEqual(leads);
});

test('a batch whose answer was lost is stored once, and known as ours', async () => {
  const proxy = await startTcpProxy(Number(new URL(broker.url).port));
  const sender = await openTestBus({ url: `nats://127.0.0.1:${proxy.port}` }, 'batches-lost');
  const leads = Array.from({ length: 80 }, newLead);
  const before = await count();
  proxy.spoil('drop answers');
  const published = Promise.all(leads.map((lead) => publish(lead, sender)));
  await waitFor(async () => (await count()) === before + 80);
  proxy.spoil(undefined);
  expect((await published).map(({ stored }) => stored)).toEqual(leads.map(() => true));
  expect(await count()).toBe(before + 80);
  await sender.drain();
  await proxy.close();
});

test('two with one condition, published at once, are one', async () => {
  const leads = Array.from({ length: 100 }, newLead);
  const twins = leads.slice(50, 60).map((lead): Lead => ({ ...lead, id: newId() }));
  const before = await count();
  const published = await Promise.all([...leads, ...twins].map((lead) => publish(lead)));
  expect(published.filter(({ stored }) => stored)).toHaveLength(100);
  expect(await count()).toBe(before + 100);
});

test('two with one condition from two processes are one, again and again', async () => {
  const other = await openTestBus(broker, 'batches-twins');
  for (let round = 0; round < 20; round += 1) {
    const leads = Array.from({ length: 100 }, newLead);
    const before = await count();
    const published = await Promise.all(
      leads.flatMap((lead, index) => [
        publish(lead),
        ...(index % 20 === 0 ? [publish({ ...lead, id: newId() }, other)] : []),
      ]),
    );
    expect(published.filter(({ stored }) => stored)).toHaveLength(100);
    expect(await count()).toBe(before + 100);
  }
  await other.drain();
});

test('two with one id are one, whatever their condition', async () => {
  const leads = Array.from({ length: 100 }, newLead);
  const before = await count();
  const published = await Promise.all(
    leads.map((lead, index) =>
      bus.publish(subjects.leadCreated('proftest', lead.subject), lead, {
        onceUnder: subjects.anyLead(lead.subject),
        msgId: `double-click-${Math.floor(index / 2)}`,
      }),
    ),
  );
  expect(published.filter(({ stored }) => stored)).toHaveLength(50);
  expect(await count()).toBe(before + 50);
});

test('with the broker killed again and again, each is there once as soon as it is confirmed', async () => {
  const leads = Array.from({ length: 600 }, newLead);
  const before = await count();
  /** As a form does: again until it is answered, with an event of its own each time. */
  const insist = async (lead: Lead): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      const again = attempt === 0 ? lead : { ...lead, id: newId() };
      const published = await publish(again).catch(() => undefined);
      if (published) return;
      await delay(20);
    }
  };
  const all = Promise.all(leads.map(insist));
  for (let kill = 0; kill < 3; kill += 1) {
    const now = await count();
    await waitFor(async () => (await count().catch(() => now)) > now, { timeoutMs: 2_000 }).catch(
      () => undefined,
    );
    await broker.kill();
    await broker.start();
    await waitFor(() => bus.isConnected(), { what: 'the connection' });
  }
  await all;
  expect((await Promise.all(leads.map(find))).filter((each) => each === undefined)).toEqual([]);
  expect(await count()).toBe(before + 600);
}, 60_000);

test('a stream that takes no batches takes them one by one', async () => {
  const manager = await bus.manager();
  const atomic = (allow_atomic: boolean) =>
    manager.streams.update('LEADS', { allow_atomic } as Partial<StreamConfig>);
  await atomic(false);
  const leads = Array.from({ length: 100 }, newLead);
  const published = await Promise.all(leads.map((lead) => publish(lead)));
  expect(published.map(({ stored }) => stored)).toEqual(leads.map(() => true));
  expect((await find(leads[80]!))?.header('Nats-Batch-Id')).toBeUndefined();
  await atomic(true);
});
