import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import { newId } from '@leadwire/shared/contract/ids';
import { createLog } from '@leadwire/shared/runtime/log';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startTcpProxy, type TcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let bus: Bus;
let proxy: TcpProxy;
const open: Bus[] = [];

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'bus-test');
  proxy = await startTcpProxy(Number(new URL(broker.url).port));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.drain()));
});
afterAll(async () => {
  await bus.drain();
  await proxy.close();
  await broker.close();
});

async function overProxy(): Promise<Bus> {
  const other = await openTestBus({ url: `nats://127.0.0.1:${proxy.port}` }, 'over-proxy');
  open.push(other);
  return other;
}

function sample() {
  const event = leadCreated({ ...someLead(), leadId: newId() });
  const id = event.subject;
  return { event, id, subject: subjects.leadCreated('proftest', id), any: subjects.anyLead(id) };
}

async function stored(subject: string): Promise<number> {
  const manager = await bus.manager();
  const info = await manager.streams.info('LEADS', { subjects_filter: subject });
  return Object.values(info.state.subjects ?? {}).reduce((sum, n) => sum + n, 0);
}

async function restartBroker(): Promise<void> {
  await broker.kill();
  await waitFor(() => !bus.isConnected());
  await broker.start();
  await waitFor(() => bus.isConnected());
}

describe('publishing', () => {
  test('stores an event once under its subject, whatever asks again', async () => {
    const { event, subject, any } = sample();
    const first = await bus.publish(subject, event, { onceUnder: any });
    expect(first).toEqual({ seq: first.seq, stored: true });
    const other = { ...sample().event, subject: event.subject };
    const again = await bus.publish(subject, other, { onceUnder: any, headers: { a: 'b' } });
    expect(again).toMatchObject({ seq: first.seq, stored: false, existing: { event, subject } });
    // The wildcard covers another kind and the quarantine of the same lead.
    const elsewhere = subjects.leadQuarantined('purchase', event.subject);
    const third = await bus.publish(elsewhere, other, { onceUnder: any, msgId: 'another' });
    expect(third).toMatchObject({ seq: first.seq, stored: false });
    expect(await stored(any)).toBe(1);
  });

  test('300 at once under one subject store one', async () => {
    const { id, subject, any } = sample();
    const results = await Promise.all(
      Array.from({ length: 300 }, () =>
        bus.publish(subject, { ...sample().event, subject: id }, { onceUnder: any }),
      ),
    );
    expect(results.filter((result) => result.stored)).toHaveLength(1);
    expect(new Set(results.map(({ seq }) => seq)).size).toBe(1);
    expect(await stored(any)).toBe(1);
  });

  test('recognises a repeat after the broker was killed and started again', async () => {
    const { event, subject, any } = sample();
    const { seq } = await bus.publish(subject, event, { onceUnder: any });
    await restartBroker();
    const repeat = { ...event, id: newId() };
    const again = await bus.publish(subject, repeat, { onceUnder: any });
    expect(again).toMatchObject({ seq, stored: false, existing: { event: { id: event.id } } });
    expect(await stored(any)).toBe(1);
  });

  test('names the first one to a repeat of its message id', async () => {
    const { event, subject } = sample();
    const msgId = newId();
    const { seq } = await bus.publish(subject, event, { msgId });
    const twin = sample();
    const again = await bus.publish(twin.subject, twin.event, { msgId });
    expect(again).toMatchObject({ seq, stored: false, existing: { event: { id: event.id } } });
    expect(await stored(twin.any)).toBe(0);
  });

  test('the same event published again is stored, once', async () => {
    const { event, subject, any } = sample();
    const first = await bus.publish(subject, event);
    expect(await bus.publish(subject, event)).toEqual(first);
    expect(await stored(any)).toBe(1);
  });

  test('an event whose answer was lost is stored once and known as ours', async () => {
    const sender = await overProxy();
    const bytes = new TextEncoder().encode('[1]');
    const [underSubject, withId, withNeither, asBytes] = [sample(), sample(), sample(), sample()];
    proxy.spoil('drop answers');
    const published = Promise.all([
      sender.publish(underSubject.subject, underSubject.event, { onceUnder: underSubject.any }),
      sender.publish(withId.subject, withId.event, { msgId: newId() }),
      sender.publish(withNeither.subject, withNeither.event),
      sender.publish(asBytes.subject, bytes),
    ]);
    const counts = () =>
      Promise.all([underSubject, withId, withNeither, asBytes].map(({ any }) => stored(any)));
    await waitFor(async () => (await counts()).every((count) => count === 1));
    proxy.spoil(undefined);
    expect((await published).map((result) => result.stored)).toEqual([true, true, true, true]);
    expect(await counts()).toEqual([1, 1, 1, 1]);
  });

  test('a subject that no stream takes is a mistake of ours, told at once', async () => {
    const { event } = sample();
    await expect(bus.publish('nowhere.at.all', event)).rejects.toBeInstanceOf(TypeError);
  });

  test('what is not JSON can be stored and read', async () => {
    const subject = subjects.dead('notifier-sms', `notify.due.sms.${newId()}`);
    await bus.publish(subject, new TextEncoder().encode('not json'));
    const read = await bus.lastUnder('DEAD_LETTERS', subject);
    expect(read).toMatchObject({ subject, event: undefined });
    expect(await bus.lastUnder('LEADS', subjects.anyLead(newId()))).toBeUndefined();
    expect(await bus.atSequence('LEADS', 1_000_000)).toBeUndefined();
  });
});

describe('without a broker', () => {
  test('everything fails at once as a TransientError, and works again when it is back', async () => {
    const { event, subject } = sample();
    await bus.bucket('deliveries');
    await broker.kill();
    await waitFor(() => !bus.isConnected());
    const startedAt = performance.now();
    const schedule = { pending: 'notify.at.sms.x', due: 'notify.due.sms.x', at: new Date() };
    for (const call of [
      () => bus.publish(subject, event),
      () => bus.schedule(schedule, event),
      () => bus.lastUnder('LEADS', subject),
      () => bus.atSequence('LEADS', 1),
      () => bus.bucket('deliveries'),
      () => bus.bucket('limits'),
      () => bus.manager(),
    ]) {
      await expect(call()).rejects.toBeInstanceOf(TransientError);
    }
    expect(() => bus.jetstream()).toThrow(TransientError);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    await broker.start();
    await waitFor(() => bus.isConnected());
    expect(await bus.publish(subject, event)).toMatchObject({ stored: true });
    expect(await (await bus.bucket('deliveries')).get('nothing')).toBeNull();
  });

  test('a bus opened before its broker waits for it', async () => {
    await broker.kill();
    const early = openBus({ url: broker.url, name: 'early', log: createLog('early', 'silent') });
    open.push(early);
    await expect(early.publish('alerts.info.x', sample().event)).rejects.toThrow(TransientError);
    await broker.start();
    await early.ready;
    expect(early.isConnected()).toBe(true);
    await waitFor(() => bus.isConnected());
  });
});

describe('the end of a bus', () => {
  test('draining closes it, any number of times, and `closed` says that it was asked for', async () => {
    const other = await openTestBus(broker, 'drained');
    await Promise.all([other.drain(), other.drain()]);
    await other.drain();
    expect(await other.closed).toBeUndefined();
    expect(other.isConnected()).toBe(false);
    await expect(other.publish('alerts.info.x', sample().event)).rejects.toThrow(TransientError);
  });

  test('draining does not wait for a broker that is away', async () => {
    const other = await overProxy();
    await broker.kill();
    await waitFor(() => !other.isConnected());
    const startedAt = performance.now();
    await other.drain();
    await other.closed;
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await broker.start();
    await waitFor(() => bus.isConnected());
  });

  test('draining calls off a connection that was never there', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    const other = openBus({ url, name: 'never', log: createLog('never', 'silent') });
    await other.drain();
    expect(await other.closed).toBeUndefined();
    await expect(other.ready).rejects.toThrow();
  });
});

describe('schedules', () => {
  const due = (id: string) => bus.lastUnder('NOTIFICATIONS', subjects.notifyDue('email', id));
  const storedAt = async (seq: number) =>
    (await (await bus.manager()).streams.getMessage('NOTIFICATIONS', { seq })).time.getTime();
  const plan = (id: string, at: Date) => ({
    pending: subjects.notifyAt('email', id),
    due: subjects.notifyDue('email', id),
    at,
    headers: { 'Leadwire-Attempts': '2' },
  });

  test('fire once, never early, to the millisecond, with their headers', async () => {
    const { event, id } = sample();
    // Just after a whole second: a time cut to seconds would fire early.
    const at = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 987);
    await bus.schedule(plan(id, at), event);
    expect(await due(id)).toBeUndefined();
    const fired = await waitFor(() => due(id));
    const late = (await storedAt(fired.seq)) - at.getTime();
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(10_000);
    expect(fired.event).toEqual(event);
    expect(fired.header('Leadwire-Attempts')).toBe('2');
    expect(await bus.lastUnder('NOTIFICATIONS', subjects.notifyAt('email', id))).toBeUndefined();
  });

  test('are replaced by a later one under the same subject', async () => {
    const { event, id } = sample();
    const now = Date.now();
    await bus.schedule(plan(id, new Date(now + 400)), { ...event, source: 'first' });
    await bus.schedule(plan(id, new Date(now + 1_200)), { ...event, source: 'second' });
    const fired = await waitFor(() => due(id));
    expect(fired.event).toMatchObject({ source: 'second' });
    expect(await storedAt(fired.seq)).toBeGreaterThanOrEqual(now + 1_200);
  });

  test('whose time has passed fire now', async () => {
    const { event, id } = sample();
    await bus.schedule(plan(id, new Date(Date.now() - 60_000)), event);
    await waitFor(() => due(id));
  });

  test('survive a kill of the broker, those that fell due meanwhile too', async () => {
    const early = sample();
    const late = sample();
    const now = Date.now();
    await bus.schedule(plan(early.id, new Date(now + 300)), early.event);
    await bus.schedule(plan(late.id, new Date(now + 3_000)), late.event);
    await broker.kill();
    await waitFor(() => Date.now() > now + 500);
    await broker.start();
    await waitFor(() => bus.isConnected());
    await waitFor(() => due(early.id));
    const fired = await waitFor(() => due(late.id));
    expect(await storedAt(fired.seq)).toBeGreaterThanOrEqual(now + 3_000);
    const manager = await bus.manager();
    const { state } = await manager.streams.info('NOTIFICATIONS', {
      subjects_filter: 'notify.due.>',
    });
    expect(state.subjects?.[subjects.notifyDue('email', early.id)]).toBe(1);
    expect(state.subjects?.[subjects.notifyDue('email', late.id)]).toBe(1);
  });

  test('a lost answer does not bring back what has fired', async () => {
    const sender = await overProxy();
    const { event, id } = sample();
    proxy.spoil('drop answers');
    const scheduled = sender.schedule(plan(id, new Date(Date.now() - 1)), event);
    const first = await waitFor(() => due(id));
    proxy.spoil(undefined);
    await scheduled;
    expect((await due(id))?.seq).toBe(first.seq);
  });
});
