/** What the relay tells without being asked: the day before, once a group; and that leads are missing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { subjects } from '@leadwire/shared/contract/topology';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { createLog } from '@leadwire/shared/runtime/log';
import { waitFor } from '@leadwire/testing/wait-for';
import { createServiceWatch } from '../src/alerts/service-watch.ts';
import { watchSilence, type SilencePorts } from '../src/alerts/silence-watch.ts';
import { createDigest } from '../src/groups/digest.ts';
import { createLeadOwners } from '../src/leads/lead-owners.ts';
import { useRig } from './rig.ts';

const rig = useRig();
const DAY_MS = 24 * 3_600_000;
/** Tomorrow morning: the day before is today. Almaty is five hours ahead. */
const at = (hour: number) =>
  new Date(
    Date.parse(new Date(Date.now() + 5 * 3_600_000).toISOString().slice(0, 10)) +
      DAY_MS +
      (hour - 5) * 3_600_000,
  );

/** A group's chat as the digest writes to it. */
function digestInto(said: { chatId: string; html: string }[], now: Date, fails = false) {
  return createDigest({
    bus: rig.bus(),
    groups: rig.groups(),
    timeZone: 'Asia/Almaty',
    hour: 9,
    log: createLog('test', 'silent'),
    now: () => now,
    sender: {
      turn: () => Promise.resolve(),
      say({ chatId, html }) {
        if (fails) return Promise.reject(new Error('Telegram is away'));
        said.push({ chatId, html });
        return Promise.resolve('1');
      },
    },
  });
}

test('each group reads the day before once, by source, with how many were taken and how soon', async () => {
  const all = await rig.activeGroup('Отдел продаж');
  const courses = await rig.activeGroup('Курсы', { leadKinds: ['purchase'] });
  const lead = await rig.publishLead({ utm: { source: 'Instagram' } });
  await rig.publishLead({ utm: { source: 'instagram' } });
  await rig.publishLead({ utm: { source: '<b>vk</b>' } });
  await rig.publishLead({ utm: {} });
  const takenAt = new Date(Date.parse(lead.receivedAt) + 12 * 60_000).toISOString();
  const { leadId, receivedAt } = lead;
  const owner = { leadId, receivedAt, userId: '1', name: 'Дана', groupId: all.groupId };
  await createLeadOwners(rig.bus()).take({ ...owner, at: takenAt });

  const said: { chatId: string; html: string }[] = [];
  await digestInto(said, at(8.9))();
  await digestInto(said, at(12.1))();
  await digestInto(said, at(9), true)();
  expect(said).toEqual([]);
  await Promise.all([digestInto(said, at(9.1))(), digestInto(said, at(9.1))()]);
  await digestInto(said, at(9.2))();
  const of = ({ chatId }: TelegramGroup) =>
    said.filter((each) => each.chatId === chatId).map(({ html }) => html);
  expect(of(all)).toEqual([
    expect.stringMatching(/^<b>За вчера, \d+ \S+<\/b>: 4 заявки\nInstagram: 2\n/),
  ]);
  expect(of(all)[0]).toContain('&lt;b&gt;vk&lt;/b&gt;: 1');
  expect(of(all)[0]).toContain('Без меток: 1');
  expect(of(all)[0]).toContain('Взяли в работу: 1 из 4, обычно через 12 минут');
  expect(of(courses)).toEqual([expect.stringContaining('ни одной заявки')]);
});

test('silence against the usual is an alert, and a lead ends it', async () => {
  const now = new Date('2026-11-29T10:00:00Z');
  const hour = (hoursAgo: number) => Math.floor(now.getTime() / 3_600_000 - hoursAgo) * 3_600;
  // Four leads an hour in the same hours of the weeks before.
  const hours = [1, 2, 3, 4].flatMap((week) => [0, 1, 2, 3].map((h) => [hour(h + week * 168), 4]));
  let newest = '2026-11-29T07:00:00Z';
  const pace = () => ({
    hours,
    newest,
    oldest: '2026-10-01T00:00:00Z',
    quarantined: 0,
    unknown: 0,
  });
  const database: SilencePorts['database'] = {
    call: (_name, _args, schema) => Promise.resolve(schema.parse(pace())),
  };
  const ports = {
    database,
    alerts: createAlerts(rig.bus()),
    now: () => now,
  };
  const state = async () => {
    const stored = await rig.bus().lastUnder('ALERTS', subjects.alert('*', 'no_leads'));
    return (stored?.event as { data: { state?: string; message: string } } | undefined)?.data;
  };
  await watchSilence(ports);
  expect((await state())?.message).toBe('за 3 часа ни одной заявки, обычно за это время 12 заявок');
  newest = '2026-11-29T09:58:00Z';
  await watchSilence(ports);
  expect(await state()).toMatchObject({ state: 'resolved' });
});

test('a service that takes nothing for a minute is an alert, with what that means; it ends when it works', async () => {
  await rig.startRelay();
  let at = Date.now();
  const api = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  const look = createServiceWatch({
    bus: rig.bus(),
    alerts: createAlerts(rig.bus()),
    apiUrl: `http://127.0.0.1:${port}`,
    now: () => at,
  });
  const alertOf = async (service: string) => {
    const stored = await rig.bus().lastUnder('ALERTS', `alerts.critical.service_gone-${service}`);
    return (stored?.event as { data: { state?: string; message: string } } | undefined)?.data;
  };

  // Nobody makes deals here, and the relay's own work is taken.
  await rig.publishLead();
  await look();
  at += 30_000;
  api.close();
  await look();
  expect(await alertOf('crm-sync')).toBeUndefined();
  at += 30_000;
  await look();
  expect((await alertOf('crm-sync'))?.message).toContain(
    'Заявки не становятся сделками. Запустите',
  );
  expect(await alertOf('landing-api')).toBeUndefined();
  at += 30_000;
  await look();
  expect((await alertOf('landing-api'))?.message).toContain('Формы не принимают заявки');
  expect(await alertOf('telegram-relay')).toBeUndefined();

  await rig.startCrm();
  await waitFor(
    async () => {
      await look();
      return (await alertOf('crm-sync'))?.state === 'resolved';
    },
    { timeoutMs: 60_000, what: 'crm-sync to be there' },
  );
  await new Promise<void>((resolve) => api.listen(port, '127.0.0.1', resolve));
  await look();
  expect(await alertOf('landing-api')).toMatchObject({ state: 'resolved' });
  api.close();
});
