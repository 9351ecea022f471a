import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Delivery, Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger, deliveryOf, type Ledger } from '@leadwire/shared/delivery/ledger';
import { scheduleDue } from '@leadwire/shared/delivery/schedule';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { createRescue } from '@leadwire/shared/delivery/rescue';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

const MINUTE = 60_000;
const shortLink = { code: 'abc2345', url: 'https://leadwire.kz/r' };

let broker: TestBroker;
let bus: Bus;
let ledger: Ledger;

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'strays-test');
  ledger = createLedger(bus);
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

async function storedLead(): Promise<Lead> {
  const lead = someLead();
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
  return lead;
}

/** In the ledger only, as a crash or a lost schedule leaves it. */
async function planned(leadId: string, dueAt: Date) {
  const delivery = deliveryOf({ leadId, channel: 'sms' as const, template: 'proftest-result' });
  await ledger.plan(delivery, { dueAt, shortLink });
  return delivery;
}

const ago = (ms: number) => new Date(Date.now() - ms);
const idsOf = (entries: readonly Delivery[]) => entries.map(({ deliveryId }) => deliveryId);

const isDue = ({ deliveryId }: Delivery) =>
  waitFor(() => bus.lastUnder('NOTIFICATIONS', subjects.notifyDue('sms', deliveryId)), {
    what: 'the message to be due',
  });

describe('an overdue delivery without a message', () => {
  test('is found and handed out again, with its lead', async () => {
    const lead = await storedLead();
    const delivery = await planned(lead.leadId, ago(5 * MINUTE));
    const sweep = createRescue(bus);
    const strays = await sweep.look();
    expect(idsOf(strays.overdue)).toEqual([delivery.deliveryId]);

    expect(await sweep.bringBack(strays)).toEqual({ broughtBack: 1, withoutLead: [] });
    const due = await isDue(delivery);
    expect(due.event).toMatchObject({ type: 'notification.due.v1', data: { ...delivery, lead } });
    expect((await sweep.look()).overdue).toEqual([]);
  });

  test('is found in a later look as well, and no more once it is settled', async () => {
    const sweep = createRescue(bus);
    await sweep.look();
    const delivery = await planned((await storedLead()).leadId, ago(5 * MINUTE));
    expect(idsOf((await sweep.look()).overdue)).toEqual([delivery.deliveryId]);

    const claim = await ledger.claim(delivery, 'somebody', 0, {});
    if (claim.kind !== 'claimed') throw new Error(claim.kind);
    await ledger.settle(claim.entry, { state: 'sent', providerId: '1' });
    expect((await sweep.look()).overdue).toEqual([]);
  });

  test('is one whose claim ran out long ago, not one that is being sent', async () => {
    const [stale, fresh] = await Promise.all(
      [0, 1].map(async () => planned((await storedLead()).leadId, ago(10 * MINUTE))),
    );
    await ledger.claim(fresh!, 'a sender', MINUTE, {});
    await createLedger(bus, () => ago(5 * MINUTE)).claim(stale!, 'a dead sender', MINUTE, {});
    const sweep = createRescue(bus);
    const { overdue } = await sweep.look();
    expect(idsOf(overdue)).toEqual([stale!.deliveryId]);
    await sweep.bringBack({ overdue, stuck: [] });
  });

  test('whose schedule should have fired long ago counts, a postponed one does not', async () => {
    const lead = await storedLead();
    const delivery = await planned(lead.leadId, ago(5 * MINUTE));
    const inAnHour = new Date(Date.now() + 60 * MINUTE);
    const due = { ...delivery, shortLink, lead };
    await scheduleDue(bus, { ...due, dueAt: inAnHour.toISOString() });
    expect(idsOf((await createRescue(bus).look()).overdue)).not.toContain(delivery.deliveryId);

    const inTwoHours = () => Date.now() + 120 * MINUTE;
    const sweep = createRescue(bus, { now: inTwoHours, graceMs: 30 * MINUTE });
    const { overdue } = await sweep.look();
    expect(idsOf(overdue)).toContain(delivery.deliveryId);
    await sweep.bringBack({ overdue, stuck: [] });
    await isDue(delivery);
  });

  test('is named when its lead is gone', async () => {
    const delivery = await planned(newId(), ago(5 * MINUTE));
    const sweep = createRescue(bus);
    const { withoutLead } = await sweep.bringBack(await sweep.look());
    expect(idsOf(withoutLead)).toEqual([delivery.deliveryId]);
  });

  test('to a Telegram group is found as well, unless it waits for the group', async () => {
    const groupId = newId();
    const { leadId } = await storedLead();
    const delivery = deliveryOf({ leadId, channel: 'telegram' as const, template: groupId });
    await ledger.plan(delivery, { dueAt: ago(5 * MINUTE) });
    const sweep = createRescue(bus);
    const { overdue } = await sweep.look();
    expect(idsOf(overdue)).toContain(delivery.deliveryId);
    // Nobody knows the group: nothing can be made of it.
    const ours = overdue.filter(({ template }) => template === groupId);
    const nothing = await sweep.bringBack({ overdue: ours, stuck: [] });
    expect(idsOf(nothing.withoutLead)).toEqual([delivery.deliveryId]);

    const at = new Date().toISOString();
    const group = {
      groupId,
      bot: 'leads',
      chatId: '-100123',
      formerChatIds: [],
      title: 'Отдел продаж',
      leadKinds: [],
      state: 'active',
      activatedAt: at,
      createdAt: at,
      changedAt: at,
    };
    await (await bus.bucket('telegram_groups')).put(groupId, JSON.stringify(group));
    expect(await sweep.bringBack({ overdue: ours, stuck: [] })).toMatchObject({ broughtBack: 1 });
    const subject = subjects.telegramSend('-100123', delivery.deliveryId);
    expect(await bus.lastUnder('TELEGRAM', subject)).toBeDefined();
    expect(idsOf((await createRescue(bus).look()).overdue)).not.toContain(delivery.deliveryId);
  });

  test('is not looked for among entries from before the given time', async () => {
    await planned((await storedLead()).leadId, ago(5 * MINUTE));
    const later = new Date(Date.now() + MINUTE);
    expect((await createRescue(bus, { since: later }).look()).overdue).toEqual([]);
  });
});

describe('a stuck message', () => {
  test('that its durable takes for done is handed out again', async () => {
    const delivery = await planned((await storedLead()).leadId, ago(5 * MINUTE));
    const subject = subjects.notifyDue('email', delivery.deliveryId);
    const manager = await bus.manager();
    // A limit of one delivery, which somebody may have set: after it the message lies there for ever.
    await manager.consumers.update('NOTIFICATIONS', 'notifier-email', { max_deliver: 1 });
    const { seq } = await bus.publish(subject, new TextEncoder().encode('{}'));
    const consumer = await bus.jetstream().consumers.get('NOTIFICATIONS', 'notifier-email');
    (await consumer.next({ expires: 2_000 }))!.nak();
    await consumer.next({ expires: 1_000 });
    await manager.consumers.update('NOTIFICATIONS', 'notifier-email', { max_deliver: -1 });

    const sweep = createRescue(bus);
    const { stuck } = await sweep.look();
    expect(stuck).toMatchObject([{ stream: 'NOTIFICATIONS', durable: 'notifier-email', seq }]);
    await sweep.bringBack({ overdue: [], stuck });
    const again = await consumer.next({ expires: 2_000 });
    expect(again?.subject).toBe(subject);
    // A new copy. Schedules of the tests before may have taken numbers in between.
    expect(again?.seq).toBeGreaterThan(seq);
    await again!.ackAck();
    expect((await sweep.look()).stuck).toEqual([]);
  });
});

describe('reading a stream', () => {
  test('gives every message in order, over many batches, past one without content', async () => {
    const bucket = await bus.bucket('short_links');
    const keys = Array.from({ length: 600 }, (_, index) => `key${index}`);
    await Promise.all(keys.map((key) => bucket.put(key, JSON.stringify({ key }))));
    await bucket.delete('key300');
    await bucket.put('last', '"last"');
    const read: string[] = [];
    for await (const { subject } of readStream(bus, 'KV_short_links')) read.push(subject);
    expect(read).toHaveLength(601);
    expect(read.at(-1)).toBe('$KV.short_links.last');
    expect(new Set(read).size).toBe(601);
  });

  test('of an empty selection gives nothing', async () => {
    const found: unknown[] = [];
    for await (const message of readStream(bus, 'CALLS')) found.push(message);
    expect(found).toEqual([]);
  });
});
