import { describe, expect, test } from 'vitest';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { waitFor } from '@leadwire/testing/wait-for';
import { QUICK, useRig } from './rig.ts';

/** A killed poller is missed until its lease ends; shorter than in production, which changes nothing else. */
const rig = useRig({ env: { ...QUICK.env, TELEGRAM_POLLER_LEASE_MS: '8000' } });
const { startRelay, telegram, shownIn } = rig;

type Relay = Awaited<ReturnType<typeof startRelay>>;
const isPolling = ({ logs }: Relay) =>
  logs.some(({ msg, bot }) => msg === 'polling' && bot === 'leads');
const TAKEOVER = { timeoutMs: 60_000, what: 'another poller' };

const someGroup = (title = 'Отдел продаж') => rig.activeGroup(title);
const answers = async (chatId: string, count: number, timeoutMs = 30_000) => {
  await waitFor(async () => (await shownIn(chatId)).length >= count, {
    timeoutMs,
    what: `${count} answers`,
  });
  return shownIn(chatId);
};

describe('of two replicas', () => {
  test('one polls; killed, the other takes over and answers what came meanwhile, once', async () => {
    const victim = await rig.startRelayProcess();
    await waitFor(() => isPolling(victim));
    const other = await startRelay();
    const { chatId } = await someGroup();
    await telegram().say(chatId, '/status');
    await answers(chatId, 1);
    expect(isPolling(other)).toBe(false);

    await victim.kill();
    await telegram().say(chatId, '/status');
    await waitFor(() => isPolling(other), TAKEOVER);
    await answers(chatId, 2);
    await telegram().say(chatId, '/today');
    const all = await answers(chatId, 3);
    expect(all).toHaveLength(3);
    expect(all[2]).toContain('Сегодня');
  }, 90_000);
});

describe('a restart', () => {
  test('repeats no command, and loses none that came meanwhile', async () => {
    const first = await startRelay();
    const { chatId } = await someGroup();
    await telegram().say(chatId, '/status');
    await answers(chatId, 1);
    await first.stop();
    await telegram().say(chatId, '/today');
    // What was handled is not confirmed at Telegram yet: it comes again.
    await startRelay();
    const all = await answers(chatId, 2);
    expect(all[1]).toContain('Сегодня');
    await telegram().say(chatId, '/status');
    expect(await answers(chatId, 3)).toHaveLength(3);
  });
});

describe('an update', () => {
  test('that Telegram sends again under its number is answered once', async () => {
    await startRelay();
    const { chatId } = await someGroup();
    await telegram().say(chatId, '/status');
    await answers(chatId, 1);
    await telegram().repeatUpdate('leads');
    await telegram().say(chatId, '/today');
    const all = await answers(chatId, 2);
    expect(all[1]).toContain('Сегодня');
  });

  test('that came while the broker was away is handled when it is back', async () => {
    const relay = await startRelay();
    const { chatId } = await someGroup();
    await waitFor(() => isPolling(relay));
    await rig.broker().kill();
    await telegram().say(chatId, '/status');
    await rig.broker().start();
    await waitFor(() => rig.bus().isConnected());
    await answers(chatId, 1, TAKEOVER.timeoutMs);
  }, 90_000);
});

describe('a revoked token', () => {
  test('of a bot is one alert and a service that is not ready, until it is good again', async () => {
    const relay = await startRelay();
    const { chatId } = await someGroup();
    await waitFor(() => isPolling(relay));
    await telegram().revoke('leads');
    const subject = 'alerts.critical.telegram-leads_stopped';
    await waitFor(() => rig.bus().lastUnder('ALERTS', subject), { timeoutMs: 40_000 });
    await waitFor(async () => (await fetch(`${relay.url}/readyz`)).status === 503);
    await telegram().restore('leads');
    await telegram().say(chatId, '/status');
    // A refused token is tried every ten seconds.
    await answers(chatId, 1, 60_000);
    const states = await waitFor(async () => {
      const found: unknown[] = [];
      for await (const { json } of readStream(rig.bus(), 'ALERTS', { subject })) {
        found.push((json as { data: { state?: string } }).data.state ?? 'raised');
      }
      return found.length === 2 ? found : undefined;
    });
    expect(states).toEqual(['raised', 'resolved']);
    expect(JSON.stringify(relay.logs)).not.toContain('AAleads_sandbox');
  }, 120_000);
});

describe('the life of a group at Telegram', () => {
  const state = async (chatId: string) => {
    const group = await rig.groups().byChat('leads', chatId);
    return group?.stateReason === undefined ? group?.state : `${group.state}: ${group.stateReason}`;
  };
  const becomes = (chatId: string, expected: string) =>
    waitFor(async () => (await state(chatId)) === expected, {
      timeoutMs: 30_000,
      what: `the group to be ${expected}`,
    });
  const alertOf = (groupId: string, severity = 'warning') =>
    waitFor(async () => {
      const subject = `alerts.${severity}.telegram_group_${groupId}`;
      return (await rig.bus().lastUnder('ALERTS', subject))?.event;
    });

  test('restricted it is paused, given its rights back it goes on with what waited', async () => {
    await startRelay();
    const { chatId, groupId } = await someGroup('Курс');
    await telegram().restrict(chatId, 'leads');
    await becomes(chatId, 'paused: no_rights');
    expect(JSON.stringify(await alertOf(groupId))).toContain('«Курс»');
    const lead = await rig.publishLead();
    await telegram().allow(chatId, 'leads');
    await becomes(chatId, 'active');
    await waitFor(async () => (await shownIn(chatId)).some((text) => text.includes(lead.name)), {
      timeoutMs: 30_000,
    });
    await waitFor(async () => JSON.stringify(await alertOf(groupId)).includes('"resolved"'));
  });

  test('kicked it is deactivated and admins hear of it; added again it is told how to come back', async () => {
    await startRelay();
    const admins = await rig.activeGroup('Админы', { bot: 'admin' });
    const { chatId } = await someGroup('Профтест');
    await telegram().kick(chatId, 'leads');
    await becomes(chatId, 'deactivated: removed');
    const reads = (part: string) =>
      waitFor(async () => (await shownIn(admins.chatId)).find((text) => text.includes(part)), {
        timeoutMs: 30_000,
      });
    const told = await reads('«Профтест»: бота удалили из группы');
    expect(told).toContain('Группа в Telegram не получает сообщений');

    await telegram().addBot(chatId, 'leads');
    expect((await answers(chatId, 1))[0]).toContain('/activate КОД');
    expect(await state(chatId)).toBe('deactivated: removed');
    const codes = createTelegramCodes(rig.bus());
    const { code } = await codes.make({ kind: 'group', bot: 'leads' });
    await telegram().say(chatId, `/activate ${code}`);
    await becomes(chatId, 'active');
    expect(await reads('«Профтест» получает сообщения')).toContain('снова на связи');
  });

  test('upgraded to a supergroup it keeps its place under the new id', async () => {
    await startRelay();
    const { chatId, groupId } = await someGroup();
    const { id } = await telegram().migrate(chatId);
    await waitFor(async () => (await rig.groups().byId(groupId))?.chatId === String(id), {
      timeoutMs: 30_000,
    });
    const lead = await rig.publishLead();
    expect(await rig.settled(lead, (await rig.groups().byId(groupId))!)).toBe('sent');
    expect(await shownIn(String(id))).toHaveLength(1);
  });
});
