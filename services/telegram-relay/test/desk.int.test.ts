/** The managers' desk: what people do with notices and alerts beyond reading them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreseeRelease, releaseLeads } from '@leadwire/operations/leads/release';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { createStaffTelegram } from '@leadwire/shared/delivery/staff-telegram';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { leadsBetween, digestText } from '../src/groups/digest.ts';
import { useRig } from './rig.ts';

const rig = useRig();
const { telegram, shownIn } = rig;
let supabase: TestLanding;
beforeAll(async () => {
  supabase = await startLanding();
}, 120_000);
afterAll(() => supabase.close());

const startRelay = () => rig.startRelay(supabase.env);
const WAIT = { timeoutMs: 40_000 };

/** The message with a button that has these data, once it is there. */
const messageWith = (chatId: string, isMeant: (data: string) => boolean) =>
  waitFor(
    async () => {
      for (const { messageId, buttons } of await telegram().messages(chatId)) {
        for (const button of buttons.flat()) {
          if ('data' in button && isMeant(button.data)) return { messageId, ...button };
        }
      }
      return undefined;
    },
    { ...WAIT, what: 'a button' },
  );
/** Presses and resolves with what the person reads. */
const press = async (chatId: string, messageId: number, data: string, person: number) => {
  const { id } = await telegram().press(chatId, messageId, data, person);
  const { answer } = await waitFor(
    async () => {
      const pressed = await telegram().pressed(id);
      return pressed.answer ? pressed : undefined;
    },
    { ...WAIT, what: 'an answer to the press' },
  );
  return answer!.text;
};
const people = async () =>
  (await telegram().people()).map(({ id }) => id) as [number, number, number];

/** As lead-store writes it. */
const storeLead = ({ leadId, name, phone, email, kind, source, receivedAt }: Lead) =>
  supabase.landing.sql(
    'insert into landing_leads (id, name, phone, email, kind, source, created_at) values ($1,$2,$3,$4,$5,$6,$7)',
    [leadId, name, phone, email, kind, source, receivedAt],
  );

describe('a notice', () => {
  test('is taken by one manager; the others read who and when, also after a restart', async () => {
    const group = await rig.activeGroup('Отдел продаж');
    const other = await rig.activeGroup('Второй отдел');
    const relay = await startRelay();
    const lead = await rig.publishLead();
    const data = `take:${lead.leadId}`;
    const [dana, yerlan, stranger] = await people();
    const { messageId } = await messageWith(group.chatId, (each) => each === data);

    await telegram().setPerson(group.chatId, stranger, 'left');
    expect(await press(group.chatId, messageId, data, stranger)).toContain('только для участников');
    const both = await Promise.all([
      press(group.chatId, messageId, data, dana),
      press(group.chatId, messageId, data, yerlan),
    ]);
    expect(both.filter((words) => words.includes('Заявка ваша'))).toHaveLength(1);
    expect(both.filter((words) => words.includes('уже взял(а)'))).toHaveLength(1);
    const taken = () =>
      waitFor(async () => {
        const shown = (await telegram().messages(group.chatId)).at(-1)?.buttons.flat() ?? [];
        return shown.find(({ text }) => /✅ .+ · \d\d:\d\d/.test(text))?.text;
      }, WAIT);
    const label = await taken();
    const winner = both[0].includes('Заявка ваша') ? 'Дана' : 'Ерлан';
    expect(label).toContain(winner);

    await relay.stop();
    await startRelay();
    expect(await press(group.chatId, messageId, data, winner === 'Дана' ? dana : yerlan)).toContain(
      'Вы уже взяли',
    );
    const elsewhere = await messageWith(other.chatId, (each) => each === data);
    const words = await press(
      other.chatId,
      elsewhere.messageId,
      data,
      winner === 'Дана' ? yerlan : dana,
    );
    expect(words).toContain(`уже взял(а) ${winner}`);
  });

  test('says that the person was here before, and since when', async () => {
    const group = await rig.activeGroup('Отдел продаж');
    await startRelay();
    const phone = '+77000000101';
    const before = someLead({ phone, receivedAt: '2026-01-05T10:00:00.000Z' });
    await storeLead(before);
    const lead = await rig.publishLead({ phone, email: null });
    expect(await rig.settled(lead, group)).toBe('sent');
    expect((await shownIn(group.chatId)).join()).toContain('Повторная: была 05.01.2026, 15:00');
  });
});

test('a manager’s day: they say who they are, take a lead, its deal and a task are theirs, the digest counts it', async () => {
  const group = await rig.activeGroup('Отдел продаж');
  const bus = rig.bus();
  const [dana, yerlan] = await people();
  const [staffId, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const at = new Date().toISOString();
  const member = {
    staffId,
    email: 'Dana@leadwire.kz',
    name: 'Дана',
    role: 'sales' as const,
    utmSources: [],
    active: true,
    at,
  };
  const event = makeEvent('staff.changed.v1', { source: 'test', subject: staffId, data: member });
  await bus.publish(subjects.staffChanged(staffId), event);
  await startRelay();
  await rig.startCrm({ AMOCRM_TAKEN: 'task' });

  const ties = createStaffTelegram(bus);
  const bot = await waitFor(() => ties.bot(), { ...WAIT, what: 'the name of the bot' });
  expect(bot).toBe('leadwireleadsbot');
  const { code } = await createTelegramCodes(bus).make({ kind: 'staff', staffId });
  await telegram().sayPrivately('leads', dana, `/start ${code}`);
  await waitFor(() => ties.byStaff(staffId), { ...WAIT, what: 'the tie' });
  // Whoever gets the link later gets nothing by it.
  await telegram().sayPrivately('leads', yerlan, `/start ${code}`);
  const said = () => shownIn(String(yerlan));
  await waitFor(async () => (await said()).some((text) => text.includes('уже не действует')), WAIT);
  expect([await ties.byUser(String(yerlan)), await ties.byStaff(other)]).toEqual([
    undefined,
    undefined,
  ]);

  const lead = await rig.publishLead({ utm: { source: 'tiktok' } });
  const data = `take:${lead.leadId}`;
  const { messageId } = await messageWith(group.chatId, (each) => each === data);
  expect(await press(group.chatId, messageId, data, dana)).toBe(
    'Заявка ваша. Остальные видят, что вы её взяли.',
  );
  expect(await press(group.chatId, messageId, data, yerlan)).toContain('уже взял(а) Дана');

  const amocrm = rig.control().amocrm;
  const { users } = await amocrm.settings();
  const danaThere = users.find(({ email }) => email === 'dana@leadwire.kz')?.id;
  const task = await waitFor(async () => (await amocrm.tasks())[0], { ...WAIT, what: 'the task' });
  const deal = (await amocrm.leads()).find(({ id }) => id === task.entityId);
  expect([deal?.responsibleUserId, task.responsibleUserId]).toEqual([danaThere, danaThere]);
  // A press that is repeated gives no second task.
  await press(group.chatId, messageId, data, dana);
  await waitFor(async () => {
    const { state } = await (await bus.manager()).streams.info('CRM_CHANGES');
    return state.messages === 0;
  }, WAIT);
  expect(await amocrm.tasks()).toHaveLength(1);
  // Whose the lead is, told once for all presses and by its deal's change as well.
  const assigned = subjects.leadAssigned(lead.leadId, '*');
  const { state } = await (
    await bus.manager()
  ).streams.info('DELIVERIES', { subjects_filter: assigned });
  expect(Object.values(state.subjects ?? {})).toEqual([1]);
  const told = await bus.lastUnder('DELIVERIES', assigned);
  expect(told?.event).toMatchObject({ data: { leadId: lead.leadId, staffId } });

  const day = await leadsBetween(
    bus,
    new Date(Date.parse(at) - 1_000),
    new Date(Date.now() + 1_000),
  );
  const ours = day.filter(({ source }) => source === 'tiktok');
  expect(digestText(ours, group, '1 января')).toMatch(
    /1 заявка\nTikTok: 1\nВзяли в работу: 1 из 1/,
  );
});

describe('/find', () => {
  test('finds people for groups of ours alone, however long their names are', async () => {
    await startRelay();
    const phone = '+77000000102';
    await storeLead(someLead({ phone, name: `Айна <b>${'я'.repeat(4_000)}`, kind: 'proftest' }));
    const ours = await rig.activeGroup('Отдел продаж');
    const courses = await rig.activeGroup('Курс', { leadKinds: ['purchase'] });
    const foreign = await telegram().addGroup({ title: 'Чужие', bots: ['leads'] });
    const answer = async (chatId: string, text: string) => {
      const before = (await shownIn(chatId)).length;
      await telegram().say(chatId, text);
      return waitFor(async () => (await shownIn(chatId))[before], { ...WAIT, what: 'an answer' });
    };
    const found = await answer(ours.chatId, '/find 8 (700) 000-01-02');
    expect(found).toContain('+77000000102: заявок — 1');
    expect(found).toContain('Айна <b>яяя');
    expect(await answer(ours.chatId, '/find +77000000109')).toContain('нет');
    expect(await answer(ours.chatId, '/find Айна')).toContain('/find +7');
    const long = await answer(ours.chatId, `/find ${'я'.repeat(4_000)}`);
    expect([long.includes('/find +7'), long.length < 500]).toEqual([true, true]);
    expect(await answer(courses.chatId, '/find +77000000102')).toContain('нет');
    // Nothing is said in a group that is not ours, nor to whoever is in none.
    await telegram().say(foreign.id, '/find +77000000102');
    const [, , stranger] = await people();
    await telegram().setPerson(ours.chatId, stranger, 'left');
    await telegram().say(ours.chatId, '/find +77000000102', { person: stranger });
    expect(await answer(foreign.id, '/status')).toContain('не подключена');
    expect(await answer(ours.chatId, '/status')).toContain('подключена');
    expect((await shownIn(foreign.id)).join()).not.toContain('заявок —');
    expect((await shownIn(ours.chatId)).filter((text) => text.includes('заявок —'))).toHaveLength(
      1,
    );
  });
});

describe('an alert about held leads', () => {
  test('lets them out by its button, once; whoever is second is told', async () => {
    const admins = await rig.activeGroup('Админы', { bot: 'admin' });
    const sales = await rig.activeGroup('Отдел продаж');
    await startRelay();
    const since = new Date(Date.now() - 1_000).toISOString();
    const lead = someLead();
    const data = { ...lead, quarantine: 'honeypot' as const };
    const event = makeEvent('lead.quarantined.v1', { source: 'test', subject: lead.leadId, data });
    await rig.bus().publish(subjects.leadQuarantined(lead.kind, lead.leadId), event);
    await createAlerts(rig.bus()).raise({
      severity: 'warning',
      what: 'quarantined',
      message: 'Задержана 1 заявка.',
      release: { reason: 'honeypot', since },
    });
    const button = await messageWith(admins.chatId, (each) => each.startsWith('release:honeypot:'));
    const [dana, yerlan] = await people();
    const pressed = (data: string, person: number) =>
      press(admins.chatId, button.messageId, data, person);
    expect(await pressed(button.data, dana)).toContain('Выпущено заявок: 1');
    expect(await rig.settled(lead, sales, 40_000)).toBe('sent');
    const done = await messageWith(admins.chatId, (each) => each.startsWith('released:honeypot:'));
    expect(done.text).toMatch(/^✅ Выпущено 1: Дана/);
    expect(await pressed(done.data, yerlan)).toContain('уже нечего выпускать');
    await createAlerts(rig.bus()).resolve('quarantined', 'Задержанных нет.');
    const isOver = async () => (await shownIn(admins.chatId)).join().includes('🟢');
    await waitFor(isOver, { ...WAIT, what: 'the end of the alert' });
  });

  test('that was settled long ago says so, and lets out nothing that came since', async () => {
    const admins = await rig.activeGroup('Админы смены', { bot: 'admin' });
    await startRelay();
    const hold = async (receivedAt: string) => {
      const lead = someLead({ receivedAt });
      const data = { ...lead, quarantine: 'challenge' as const };
      const event = makeEvent('lead.quarantined.v1', {
        source: 'test',
        subject: lead.leadId,
        data,
      });
      await rig.bus().publish(subjects.leadQuarantined(lead.kind, lead.leadId), event);
      return lead;
    };
    // Settled in the console, where it was let out; the message with its button stays in the group.
    const since = new Date(Date.now() - 3 * 24 * 60 * 60_000).toISOString();
    const old = await hold(since);
    await createAlerts(rig.bus()).raise({
      severity: 'warning',
      what: 'quarantined',
      message: 'Удержана 1 заявка.',
      release: { reason: 'challenge', since },
    });
    const button = await messageWith(admins.chatId, (each) => each.startsWith('release:challenge'));
    await releaseLeads({ bus: rig.bus(), actor: 'test' }, { leadIds: [old.leadId] });
    const later = await hold(new Date().toISOString());

    const [dana, yerlan] = await people();
    const pressed = (data: string, person: number) =>
      press(admins.chatId, button.messageId, data, person);
    expect(await pressed(button.data, dana)).toContain('Это предупреждение закрыто');
    const done = await messageWith(admins.chatId, (each) => each.startsWith('released:challenge'));
    expect(done.text).toBe('✅ Уже отпущены');
    expect(await pressed(done.data, yerlan)).toContain('Это предупреждение закрыто');
    const held = await foreseeRelease(rig.bus(), { leadIds: [old.leadId, later.leadId] });
    expect(held.map(({ lead }) => lead.leadId)).toEqual([later.leadId]);
  });
});
