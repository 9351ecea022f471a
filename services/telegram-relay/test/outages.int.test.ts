import { describe, expect, test } from 'vitest';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { waitFor } from '@leadwire/testing/wait-for';
import { QUICK, timesShown, useRig } from './rig.ts';

const rig = useRig({ env: { ...QUICK.env, TELEGRAM_PAUSED_RETRY_MS: '1000' } });

const alertOf = async (what: string) =>
  (await rig.bus().lastUnder('ALERTS', `alerts.*.${what}`))?.event as
    { data: { state?: string; message: string } } | undefined;

const refuse = (chatId: string, description: string, count?: number) =>
  rig.control().addFault({
    id: 'refused',
    provider: 'telegram',
    path: '*/sendMessage',
    bodyIncludes: chatId,
    ...(count !== undefined && { count }),
    action: {
      do: 'fixed',
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ok: false, error_code: 400, description }),
    },
  });

describe('a group', () => {
  test('for which Telegram answers 502 holds nobody up, and gets every lead once when it is back', async () => {
    const [down, well] = [await rig.activeGroup('Не отвечает'), await rig.activeGroup('Отвечает')];
    await rig.startRelay();
    await rig.control().addFault({
      id: 'down',
      provider: 'telegram',
      path: '*/sendMessage',
      bodyIncludes: down.chatId,
      action: { do: 'refuse', status: 502 },
    });
    const struck = async () =>
      (await rig.control().faults()).find(({ id }) => id === 'down')?.struck ?? 0;
    const leads = [await rig.publishLead(), await rig.publishLead(), await rig.publishLead()];
    await waitFor(async () => (await struck()) >= 3, { timeoutMs: 40_000, what: 'three tries' });
    leads.push(await rig.publishLead());
    for (const lead of leads) expect(await rig.settled(lead, well)).toBe('sent');
    await rig.control().clearFaults();
    for (const lead of leads) expect(await rig.settled(lead, down, 40_000)).toBe('sent');
    await rig.nothingIsLeft();
    for (const { chatId } of [down, well]) {
      const texts = await rig.shownIn(chatId);
      expect(leads.map((lead) => timesShown(texts, lead))).toEqual([1, 1, 1, 1]);
    }
  });

  test.each([
    ['not enough rights', 'Bad Request: not enough rights to send text messages to the chat'],
    ['CHAT_RESTRICTED', 'Bad Request: CHAT_RESTRICTED'],
  ])('that refuses one message for %s is tried again by itself and gets it', async (_, words) => {
    const group = await rig.activeGroup(words);
    await rig.startRelay();
    await refuse(group.chatId, words, 1);
    const leads = [await rig.publishLead(), await rig.publishLead()];
    for (const lead of leads) expect(await rig.settled(lead, group, 40_000)).toBe('sent');
    const texts = await rig.shownIn(group.chatId);
    expect(leads.map((lead) => timesShown(texts, lead))).toEqual([1, 1]);
    await waitFor(async () => (await rig.groups().byId(group.groupId))?.state === 'active');
    await waitFor(
      async () => (await alertOf(`telegram_group_${group.groupId}`))?.data.state === 'resolved',
    );
  });

  test('of admins that refuses one message is tried again too', async () => {
    const group = await rig.activeGroup('Админы', { bot: 'admin' });
    await rig.startRelay();
    await refuse(group.chatId, 'Bad Request: CHAT_RESTRICTED', 1);
    const alert = { severity: 'warning', what: 'sample_stopped', message: 'Проверка' } as const;
    await createAlerts(rig.bus()).raise(alert);
    await waitFor(async () => (await rig.shownIn(group.chatId)).join().includes('Проверка'), {
      timeoutMs: 40_000,
      what: 'the alert',
    });
    await waitFor(async () => (await rig.groups().byId(group.groupId))?.state === 'active');
  });

  test('whose General topic is closed waits, says why, and goes on when it is open again', async () => {
    const group = await rig.activeGroup('Форум', { type: 'supergroup' });
    await rig.startRelay();
    await rig.telegram().setTopics(group.chatId, { 1: 'closed', 7: 'open' });
    const lead = await rig.publishLead();
    await waitFor(
      async () => (await rig.groups().byId(group.groupId))?.stateReason === 'general_closed',
    );
    await waitFor(async () =>
      (await alertOf(`telegram_group_${group.groupId}`))?.data.message.includes('General'),
    );
    await rig.telegram().setTopics(group.chatId, { 1: 'open', 7: 'open' });
    expect(await rig.settled(lead, group, 40_000)).toBe('sent');
  });
});
