import { describe, expect, test } from 'vitest';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { waitFor } from '@leadwire/testing/wait-for';
import { timesShown, useRig } from './rig.ts';

/** Telegram's figures, sixty times as fast: what a minute is there is a second here, on both sides. */
const rig = useRig({
  telegram: { ratePerSecond: 1_000, chatRatePerSecond: 20, groupRatePerMinute: 1_200 },
  env: { TELEGRAM_GROUP_RATE_PER_MINUTE: '1200', TELEGRAM_RATE_PER_SECOND: '200' },
});

const refusals = async () =>
  (await rig.control().requests('telegram')).filter(({ status }) => status === 429).length;

async function alertsAbout(what: string): Promise<unknown[]> {
  const alerts: unknown[] = [];
  for await (const { json } of readStream(rig.bus(), 'ALERTS', { subject: `alerts.*.${what}` })) {
    alerts.push((json as { data: unknown }).data);
  }
  return alerts;
}

describe('300 leads at once', () => {
  test('reach one group through three replicas, each once, and the limits are held', async () => {
    const group = await rig.activeGroup('Отдел продаж');
    await Promise.all([rig.startRelay(), rig.startRelay(), rig.startRelayProcess()]);
    const leads = await Promise.all(Array.from({ length: 300 }, () => rig.publishLead()));
    await waitFor(
      async () => {
        const texts = await rig.shownIn(group.chatId);
        return leads.every((lead) => timesShown(texts, lead) > 0);
      },
      { timeoutMs: 60_000, what: 'every lead to be shown' },
    );
    await rig.nothingIsLeft();
    const texts = await rig.shownIn(group.chatId);
    expect(leads.filter((lead) => timesShown(texts, lead) !== 1)).toEqual([]);
    expect(await refusals()).toBe(0);
    // Gathered: far fewer messages than leads.
    expect(texts.length).toBeLessThan(150);
  }, 90_000);
});

describe('a chat that is told to wait', () => {
  test('waits alone, as long as it is told, and gets its leads then', async () => {
    const [limited, other] = [await rig.activeGroup('Лимит'), await rig.activeGroup('Без лимита')];
    await rig.startRelay();
    await rig.telegram().limitChat(limited.chatId, 3, 'leads');
    const before = await refusals();
    const leads = [await rig.publishLead(), await rig.publishLead(), await rig.publishLead()];
    for (const lead of leads) expect(await rig.settled(lead, other)).toBe('sent');
    expect(await rig.shownIn(limited.chatId)).toEqual([]);
    for (const lead of leads) expect(await rig.settled(lead, limited)).toBe('sent');
    // Asked once or twice (a message may have been on its way), not again and again.
    expect((await refusals()) - before).toBeLessThanOrEqual(3);
    const texts = await rig.shownIn(limited.chatId);
    expect(leads.map((lead) => timesShown(texts, lead))).toEqual([1, 1, 1]);
  }, 120_000);
});

describe('the whole bot', () => {
  test('limited in chat after chat, stops for as long as it is told, with one alert', async () => {
    const groups = await Promise.all(['1', '2', '3', '4'].map((name) => rig.activeGroup(name)));
    await rig.startRelay();
    await rig.telegram().limitBot('leads', 6);
    const lead = await rig.publishLead();
    for (const group of groups) expect(await rig.settled(lead, group, 90_000)).toBe('sent');
    for (const group of groups) {
      expect(timesShown(await rig.shownIn(group.chatId), lead)).toBe(1);
    }
    const raised = (await alertsAbout('telegram-leads_limited')) as { state?: string }[];
    expect(raised.filter(({ state }) => state !== 'resolved')).toHaveLength(1);
    const ends = async () => JSON.stringify(await alertsAbout('telegram-leads_limited'));
    await waitFor(async () => (await ends()).includes('"resolved"'), { timeoutMs: 60_000 });
  }, 120_000);

  test('whose token is revoked stops, says so once, and loses nothing', async () => {
    const group = await rig.activeGroup('Токен');
    const relay = await rig.startRelay();
    await rig.telegram().revoke('leads');
    const leads = [await rig.publishLead(), await rig.publishLead()];
    await waitFor(async () => (await fetch(`${relay.url}/readyz`)).status === 503, {
      what: 'the relay to say that it is stopped',
    });
    const raised = () => alertsAbout('telegram-leads_stopped');
    await waitFor(async () => (await raised()).length > 0, { what: 'the alert' });
    await rig.telegram().restore('leads');
    await relay.stop();
    await rig.startRelay();
    for (const lead of leads) expect(await rig.settled(lead, group, 90_000)).toBe('sent');
    const alerts = (await raised()) as { state?: string }[];
    expect(alerts.filter(({ state }) => state !== 'resolved')).toHaveLength(1);
  }, 120_000);
});
