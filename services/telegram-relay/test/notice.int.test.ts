import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import { AmbiguousError, PermanentError, TransientError } from '@leadwire/shared/errors';
import { createLedger, deliveryOf, type Ledger } from '@leadwire/shared/delivery/ledger';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { openTestBus } from '@leadwire/testing/bus';
import { someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { createGroupStore, type GroupStore } from '../src/groups/group-store.ts';
import { LEASE_MS, MOST_TRIES, createSendNotices, type Notice } from '../src/leads/notice.ts';

let broker: TestBroker;
let bus: Bus;
let ledger: Ledger;
let groups: GroupStore;
let chats = 0;
/** Moved by tests, so that claims end without waiting. */
let clock = Date.now();
const now = () => new Date(clock);

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
  ledger = createLedger(bus, now);
  groups = createGroupStore(bus);
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

async function aGroup(): Promise<string> {
  const chatId = String(-1_000 - (chats += 1));
  const group = await groups.activate({ bot: 'leads', chatId, title: 'Группа', leadKinds: [] });
  return group!.groupId;
}

async function planned(groupId: string): Promise<Notice> {
  const lead = someLead();
  const { leadId } = lead;
  const delivery = deliveryOf({ leadId, channel: 'telegram' as const, template: groupId });
  await ledger.plan(delivery, { dueAt: now() });
  return {
    delivery: { ...delivery, lead },
    news: { lead, dealUrl: undefined, leadUrl: undefined },
  };
}

/** Sends through a Telegram that does as it is told; returns what was shown too. */
function sender(say: (text: string) => Promise<string>, overLedger: Partial<Ledger> = {}) {
  const shown: string[] = [];
  const send = createSendNotices({
    groups,
    now,
    owner: 'test',
    timeZone: 'Asia/Almaty',
    ledger: { ...ledger, ...overLedger },
    facts: createDeliveryFacts(bus, createMetrics('test')),
    speaker: {
      say: ({ html }) => {
        shown.push(html);
        return say(html);
      },
      isMember: () => Promise.resolve(true),
    },
  });
  return { send, shown };
}

const stateOf = async ({ delivery }: Notice) => {
  const entry = await ledger.find(delivery);
  return [entry?.state, entry?.reason ?? entry?.providerId].filter(Boolean).join(' ');
};

test('a record that failed is made up for without saying anything twice', async () => {
  const groupId = await aGroup();
  const notice = await planned(groupId);
  let isBrokerThere = false;
  const settle: Ledger['settle'] = (...given) =>
    isBrokerThere ? ledger.settle(...given) : Promise.reject(new TransientError('no broker'));
  const { send, shown } = sender(() => Promise.resolve('77'), { settle });

  expect(await send(groupId, [notice])).toMatchObject([{ kind: 'failed' }]);
  isBrokerThere = true;
  expect(await send(groupId, [notice])).toMatchObject([{ error: { name: 'SnoozeError' } }]);
  clock += LEASE_MS;
  expect(await send(groupId, [notice])).toEqual([{ kind: 'done' }]);
  expect(shown).toHaveLength(1);
  expect(await stateOf(notice)).toMatch(/^sent -\d+:77$/);
});

test('a message whose end is never known is said a few times, then left to a person', async () => {
  const groupId = await aGroup();
  const notice = await planned(groupId);
  const lost = new AmbiguousError('Telegram: no answer', { outage: true });
  const { send, shown } = sender(() => Promise.reject(lost));
  for (let n = 0; n < MOST_TRIES; n += 1) {
    expect(await send(groupId, [notice])).toEqual([{ kind: 'failed', error: lost }]);
  }
  expect(await send(groupId, [notice])).toEqual([{ kind: 'done' }]);
  expect(shown).toHaveLength(MOST_TRIES);
  expect(await stateOf(notice)).toBe('unknown no_answer');
});

test('together with a lead that was told already, only the new one is told', async () => {
  const groupId = await aGroup();
  const [old, fresh] = [await planned(groupId), await planned(groupId)];
  const { send, shown } = sender(() => Promise.resolve('1'));
  await send(groupId, [old]);
  expect(await send(groupId, [old, fresh])).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  expect(shown).toHaveLength(2);
  expect(shown[1]).toContain(`#${fresh.delivery.leadId.slice(-8)}`);
  expect(shown[1]).not.toContain(`#${old.delivery.leadId.slice(-8)}`);
});

test('a gathered message that is refused is tried one by one, and nothing counts as sent', async () => {
  const groupId = await aGroup();
  const notices = [await planned(groupId), await planned(groupId)];
  const refused = new PermanentError('telegram_400', 'refused');
  const { send } = sender(() => Promise.reject(refused));
  expect(await send(groupId, notices)).toEqual([{ kind: 'alone' }, { kind: 'alone' }]);
  expect(await Promise.all(notices.map(stateOf))).toEqual(['planned', 'planned']);
  expect(await send(groupId, [notices[0]!])).toEqual([{ kind: 'failed', error: refused }]);
});
