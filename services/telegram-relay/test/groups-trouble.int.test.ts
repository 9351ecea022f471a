import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { waitFor } from '@leadwire/testing/wait-for';
import { timesShown, useRig } from './rig.ts';

const rig = useRig();
let supabase: TestLanding;
beforeAll(async () => {
  supabase = await startLanding();
}, 60_000);
afterAll(() => supabase.close());

/** What the business sees of a group. */
async function rowOf({ groupId }: TelegramGroup): Promise<Record<string, unknown>> {
  const query = 'select chat_id, state, state_reason from telegram_groups where id = $1';
  const [row] = await supabase.landing.sql<Record<string, unknown>>(query, [groupId]);
  return row ?? {};
}

const rowBecomes = (group: TelegramGroup, wanted: Record<string, unknown>) =>
  waitFor(
    async () => {
      const row = await rowOf(group);
      return Object.entries(wanted).every(([name, value]) => row[name] === value);
    },
    { timeoutMs: 20_000, what: `the row to be ${JSON.stringify(wanted)}` },
  );

describe('at a first start', () => {
  test('a lead that comes meanwhile is for the groups that only the table knows, too', async () => {
    const chat = await rig.telegram().addGroup({ title: 'Из таблицы', bots: ['leads'] });
    const groupId = newId();
    await supabase.landing.sql(
      "insert into telegram_groups (id, chat_id, bot, title) values ($1, $2, 'leads', 'Из таблицы')",
      [groupId, chat.id],
    );
    const lead = await rig.publishLead();
    await rig.startRelay(supabase.env);
    const group = await waitFor(() => rig.groups().byId(groupId), { what: 'the group' });
    expect(await rig.settled(lead, group)).toBe('sent');
  });
});

describe('five groups, of which one is kicked, one migrated, one limited, one without rights', () => {
  test('the others are told once, each trouble stays in its group, and the table knows', async () => {
    const [good, kicked, migrated, limited, silent] = [
      await rig.activeGroup('Отдел продаж'),
      await rig.activeGroup('Выгнали'),
      await rig.activeGroup('Переехала'),
      await rig.activeGroup('Ограничена'),
      await rig.activeGroup('Без прав'),
    ];
    const { plan } = rig.telegram();
    await rig.startRelay(supabase.env);
    // Each happens between two messages. An answer tells the relay of it, or an update, whichever is first.
    await plan(kicked.chatId, { bot: 'leads', after: 1, action: 'kick' });
    await plan(migrated.chatId, { bot: 'leads', after: 1, action: 'migrate' });
    await plan(limited.chatId, { bot: 'leads', after: 1, action: 'limit', seconds: 4 });
    await plan(silent.chatId, { bot: 'leads', after: 1, action: 'restrict' });

    const first = await rig.publishLead();
    for (const group of [good, kicked, migrated, limited, silent]) {
      expect(await rig.settled(first, group)).toBe('sent');
    }
    const second = await rig.publishLead();
    expect(await rig.settled(second, good)).toBe('sent');
    expect(await rig.settled(second, migrated)).toBe('sent');
    expect(await rig.settled(second, limited)).toBe('sent');
    await rowBecomes(silent, { state: 'paused' });

    const moved = (await rig.groups().byId(migrated.groupId))!;
    expect(moved.chatId).not.toBe(migrated.chatId);
    await rowBecomes(good, { state: 'active', chat_id: Number(good.chatId) });
    await rowBecomes(kicked, { state: 'deactivated' });
    await rowBecomes(migrated, { state: 'active', chat_id: Number(moved.chatId) });
    await rowBecomes(limited, { state: 'active' });
    expect(String((await rowOf(kicked))['state_reason'])).toMatch(/kicked|removed/);

    await rig.telegram().allow(silent.chatId, 'leads');
    expect(await rig.settled(second, silent)).toBe('sent');
    await rowBecomes(silent, { state: 'active', state_reason: null });

    const shown = async (group: TelegramGroup) => {
      const chats = [group.chatId, ...(group === migrated ? [moved.chatId] : [])];
      const texts = (await Promise.all(chats.map((chat) => rig.shownIn(chat)))).flat();
      return [timesShown(texts, first), timesShown(texts, second)];
    };
    expect(await shown(good)).toEqual([1, 1]);
    expect(await shown(kicked)).toEqual([1, 0]);
    expect(await shown(migrated)).toEqual([1, 1]);
    expect(await shown(limited)).toEqual([1, 1]);
    expect(await shown(silent)).toEqual([1, 1]);
    await rig.nothingIsLeft();
  }, 60_000);
});

describe('a group', () => {
  test('that may not be written to keeps its leads and gets them when it may', async () => {
    const group = await rig.activeGroup('Пауза');
    await rig.startRelay();
    await rig.telegram().restrict(group.chatId, 'leads');
    await waitFor(async () => (await rig.groups().byId(group.groupId))?.state === 'paused', {
      what: 'the pause',
    });
    const leads = [await rig.publishLead(), await rig.publishLead(), await rig.publishLead()];
    const manager = await rig.bus().manager();
    const filter = { subjects_filter: `telegram.at.${group.chatId}.*` };
    await waitFor(
      async () => {
        const { state } = await manager.streams.info('TELEGRAM', filter);
        return Object.keys(state.subjects ?? {}).length === leads.length;
      },
      { what: 'all notices to wait at the broker' },
    );
    expect(await rig.shownIn(group.chatId)).toEqual([]);
    await rig.telegram().allow(group.chatId, 'leads');
    for (const lead of leads) expect(await rig.settled(lead, group)).toBe('sent');
    await rig.nothingIsLeft();
    const texts = await rig.shownIn(group.chatId);
    expect(leads.map((lead) => timesShown(texts, lead))).toEqual([1, 1, 1]);
  }, 60_000);

  test('that Telegram does not know any more is deactivated, and its leads are skipped', async () => {
    const group = await rig.activeGroup('Забыта');
    await rig.startRelay();
    await rig.telegram().forget(group.chatId);
    const lead = await rig.publishLead();
    expect(await rig.settled(lead, group)).toBe('skipped: group_gone');
    expect(await rig.groups().byId(group.groupId)).toMatchObject({
      state: 'deactivated',
      stateReason: 'chat_not_found',
    });
  });

  test.each([
    ['is there', 'paused', 'restrict'],
    ['has left', 'deactivated', 'leave'],
  ] as const)('without write access in which the bot %s is %s', async (title, state, action) => {
    const group = await rig.activeGroup(title);
    const description = 'Bad Request: have no write access to the chat';
    await rig.control().addFault({
      provider: 'telegram',
      path: '/bot*/sendMessage',
      bodyIncludes: group.chatId,
      action: {
        do: 'fixed',
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ok: false, error_code: 400, description }),
      },
    });
    if (action === 'leave') await rig.telegram().leave(group.chatId, 'leads');
    await rig.startRelay();
    const lead = await rig.publishLead();
    await waitFor(async () => (await rig.groups().byId(group.groupId))?.state === state, {
      timeoutMs: 20_000,
      what: state,
    });
    expect(await rig.shownIn(group.chatId)).toEqual([]);
    expect(lead).toBeDefined();
  });

  test('whose topic was closed gets its leads outside of it', async () => {
    const chat = await rig
      .telegram()
      .addGroup({ title: 'Форум', type: 'supergroup', bots: ['leads'] });
    await rig.telegram().setTopics(chat.id, { 7: 'closed' });
    const wanted = { bot: 'leads' as const, chatId: chat.id, title: 'Форум', leadKinds: [] };
    const group = (await rig.groups().activate({ ...wanted, threadId: 7 }))!;
    await rig.startRelay();
    const lead = await rig.publishLead();
    expect(await rig.settled(lead, group)).toBe('sent');
    expect((await rig.groups().byId(group.groupId))?.threadId).toBeUndefined();
  });
});
