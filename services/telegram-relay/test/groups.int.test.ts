import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { createGroupStore, type GroupStore } from '../src/groups/group-store.ts';

let broker: TestBroker;
let bus: Bus;
/** Two processes that know the same groups. */
let book: GroupStore;
let other: GroupStore;
let clock = Date.parse('2026-01-05T10:00:00.000Z');
let chats = 0;

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
  const now = () => new Date((clock += 1_000));
  [book, other] = [createGroupStore(bus, now), createGroupStore(bus, now)];
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const wanted = (more: object = {}) => {
  const chatId = String(-100 - (chats += 1));
  return { bot: 'leads' as const, chatId, title: 'Отдел продаж', leadKinds: [], ...more };
};

describe('a group', () => {
  test('that two processes activate at once is one group, and one of them did it', async () => {
    const activation = wanted();
    const done = await Promise.all([book.activate(activation), other.activate(activation)]);
    expect(done.filter((group) => group !== undefined)).toHaveLength(1);
    const same = (await book.list()).filter(({ chatId }) => chatId === activation.chatId);
    expect(same).toHaveLength(1);
  });

  test('is seen by the other process at once, with what it gets', async () => {
    const { groupId, chatId, activatedAt } = (await book.activate(wanted()))!;
    expect(await other.byChat('leads', chatId)).toMatchObject({ groupId, leadKinds: [] });
    expect(await other.byChat('admin', chatId)).toBeUndefined();
    const again = { bot: 'leads' as const, chatId, title: 'Отдел продаж' };
    await other.activate({ ...again, leadKinds: ['proftest'] });
    expect(await book.byId(groupId)).toMatchObject({ leadKinds: ['proftest'], activatedAt });
    expect(await book.activate({ ...again, leadKinds: ['proftest'] })).toBeUndefined();
  });

  test('is paused and resumed, but a deactivated one comes back by activation alone', async () => {
    const activation = wanted();
    const { groupId, activatedAt } = (await book.activate(activation))!;
    expect(await book.pause(groupId, 'no_rights')).toMatchObject({ stateReason: 'no_rights' });
    expect(await other.pause(groupId, 'no_rights')).toBeUndefined();
    expect(await other.resume(groupId)).toMatchObject({ state: 'active', activatedAt });
    await book.deactivate(groupId, 'kicked');
    expect(await book.resume(groupId)).toBeUndefined();
    expect(await book.pause(groupId, 'no_rights')).toBeUndefined();
    const back = (await other.activate(activation))!;
    expect(back).toMatchObject({ groupId, state: 'active' });
    expect(back.activatedAt > activatedAt).toBe(true);
    expect(back.stateReason).toBeUndefined();
  });

  test('keeps its id when its chat gets another one', async () => {
    const { groupId, chatId } = (await book.activate(wanted()))!;
    const moved = await book.move('leads', chatId, '-100555');
    expect(moved).toMatchObject({ groupId, chatId: '-100555', formerChatIds: [chatId] });
    expect(await other.move('leads', chatId, '-100555')).toBeUndefined();
    expect(await other.byChat('leads', chatId)).toBeUndefined();
  });

  test('whose new chat was activated already makes room for that one', async () => {
    const old = (await book.activate(wanted()))!;
    const fresh = (await book.activate(wanted()))!;
    const moved = await book.move('leads', old.chatId, fresh.chatId);
    expect(moved).toMatchObject({ groupId: old.groupId, state: 'deactivated' });
    expect(await book.byChat('leads', fresh.chatId)).toMatchObject({ groupId: fresh.groupId });
  });

  test('tells listeners of what this process changed, and of nothing else', async () => {
    const heard: string[] = [];
    book.onChange(({ state }) => heard.push(state));
    const { groupId } = (await book.activate(wanted()))!;
    await other.pause(groupId, 'no_rights');
    await book.resume(groupId);
    await book.resume(groupId);
    expect(heard).toEqual(['active', 'active']);
  });
});
