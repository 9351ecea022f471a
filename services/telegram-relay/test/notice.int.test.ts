import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import {
  AmbiguousError,
  PermanentError,
  TransientError,
  type SnoozeError,
} from '@leadwire/shared/errors';
import { TelegramDownError } from '@leadwire/shared/providers/telegram/bot-api';
import { createLedger, deliveryOf, type Ledger } from '@leadwire/shared/delivery/ledger';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { openTestBus } from '@leadwire/testing/bus';
import { someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { createGroupStore, type GroupStore } from '../src/groups/group-store.ts';
import { createBackoff } from '../src/groups/backoff.ts';
import { LEASE_MS, createSendNotices, type Notice } from '../src/leads/notice.ts';

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
function sender(
  say: (text: string) => Promise<string>,
  { isUp = true, ...overLedger }: Partial<Ledger> & { isUp?: boolean } = {},
) {
  const shown: string[] = [];
  const send = createSendNotices({
    groups,
    now,
    owner: 'test',
    timeZone: 'Asia/Almaty',
    outages: createBackoff({ firstMs: 1_000, longestMs: 60_000 }, () => clock),
    refusals: createBackoff({ firstMs: 1_000, longestMs: 60_000 }, () => clock),
    ledger: { ...ledger, ...overLedger },
    facts: createDeliveryFacts(bus, createMetrics('test')),
    sender: {
      say: ({ html }) => {
        shown.push(html);
        return say(html);
      },
      isMember: () => Promise.resolve(true),
      answers: () => Promise.resolve(isUp),
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

const lost = new AmbiguousError('Telegram: no answer', { outage: true });

test('an answer that is lost while Telegram is well is a try of each lead in the message', async () => {
  const groupId = await aGroup();
  const notices = [await planned(groupId), await planned(groupId)];
  const { send, shown } = sender(() => Promise.reject(lost));
  const aTry = { kind: 'failed', error: { name: 'AmbiguousError', outage: false } };
  expect(await send(groupId, notices)).toMatchObject([aTry, aTry]);
  expect(await send(groupId, notices)).toMatchObject([aTry, aTry]);
  expect(shown).toHaveLength(2);
});

test.each([
  ['says so itself', new TelegramDownError('Telegram: HTTP 502', { outage: true }), true],
  ['answers nothing at all', lost, false],
  ['is not reachable', new TransientError('Telegram: ECONNREFUSED', { outage: true }), false],
])('an outage in which Telegram %s spends no tries, ever more slowly', async (_, error, isUp) => {
  const groupId = await aGroup();
  const notices = [await planned(groupId), await planned(groupId)];
  let isDown = true;
  const { send, shown } = sender(() => (isDown ? Promise.reject(error) : Promise.resolve('1')), {
    isUp,
  });
  const waits: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const [first, second] = await send(groupId, notices);
    expect(second).toEqual({
      kind: 'failed',
      error: expect.objectContaining({ name: 'SnoozeError' }),
    });
    const { error: told } = first as { error: Error };
    const { retryAfterMs } = told as SnoozeError;
    waits.push(retryAfterMs);
    clock += retryAfterMs;
  }
  expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(waits.at(-1)).toBe(60_000);
  isDown = false;
  expect(await send(groupId, notices)).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  expect(shown).toHaveLength(21);
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
