/** Who may what: role × page × row × action, through the console and asked of PostgREST past it; and what acts do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import type { SupabaseClient } from '@supabase/supabase-js';
import { addressOf, askingAs, people, signedIn, startRig, type Rig, type Visitor } from './rig.ts';
import {
  CONTACTS,
  MAY,
  ROWS,
  askRoute,
  rowNames,
  beyondRights,
  type RowName,
} from './rights-table.ts';
import { storeLead, storeText } from './stored-rows.ts';
import { auditOf, bury, enterMessage, publishLead } from './work.ts';

let rig: Rig;
let bus: Bus;
const as = {} as Record<StaffRole, Visitor>;
const asked = {} as Record<StaffRole, SupabaseClient>;
const leads = {} as Record<RowName, Lead>;

beforeAll(async () => {
  rig = await startRig();
  await storeText(rig, 'open-day');
  bus = await openTestBus(rig.broker, 'test');
  leads.tagged = await publishLead(bus, { name: 'Мадина Сапар', utm: { source: 'Facebook' } });
  leads.foreign = await publishLead(bus, { name: 'Данияр Сапар', utm: { source: 'google' } });
  leads.held = await publishLead(bus, { name: 'Бота Сапар', utm: {}, quarantine: 'flood' });
  for (const lead of Object.values(leads)) await storeLead(rig, lead);
  for (const role of people) {
    as[role] = await signedIn(rig, role);
    asked[role] = await askingAs(rig, role);
  }
}, 180_000);
afterAll(async () => {
  await bus?.drain();
  await rig?.close();
});

const textOf = async (response: Promise<Response>) => (await response).text();

describe.each(people)('as %s', (role) => {
  test('each page and action is there or 403', async () => {
    const found: Record<string, boolean> = {};
    for (const route of Object.keys(MAY)) {
      const { status } = await askRoute(as[role], route, leads.tagged.leadId);
      // Whoever may is told that there is no text of such a name.
      if (![200, 303, 403, 404].includes(status)) throw new Error(`${route}: ${status}`);
      found[route] = status !== 403;
    }
    const may = Object.entries(MAY).map(([route, roles]) => [route, roles.includes(role)]);
    expect(found).toEqual(Object.fromEntries(may));
  }, 180_000);

  test('no page links to what they may not', async () => {
    const forbidden: string[] = [];
    for (const route of Object.keys(MAY)) {
      if (!route.startsWith('GET') || !MAY[route]?.includes(role)) continue;
      const page = await textOf(askRoute(as[role], route, leads.tagged.leadId));
      forbidden.push(...beyondRights(role, page).map((target) => `${route} has ${target}`));
    }
    expect(forbidden).toEqual([]);
  });

  test('each row is there or not, in the list, on its page and for PostgREST', async () => {
    const list = await textOf(as[role].get('/leads'));
    const { data = [] } = await asked[role].from('staff_leads').select('id');
    const raw = await asked[role].from('landing_leads').select('id');
    for (const name of rowNames) {
      const { leadId } = leads[name];
      const sees = ROWS[name].includes(role);
      const { status } = await as[role].get(`/leads/${leadId}`);
      expect({
        name,
        isListed: list.includes(leadId),
        status,
        isAnswered: data?.some(({ id }) => id === leadId),
        isAnsweredWhole: raw.data?.some(({ id }) => id === leadId),
      }).toEqual({
        name,
        isListed: sees,
        status: sees ? 200 : 404,
        isAnswered: sees,
        // The table has contacts in it.
        isAnsweredWhole: CONTACTS.includes(role),
      });
    }
  });

  test('contacts are shown or not, and no action is offered that may not be done', async () => {
    const sees = CONTACTS.includes(role);
    const { leadId, email, name } = leads.tagged;
    const page = await textOf(as[role].get(`/leads/${leadId}`));
    expect([page.includes(email ?? ''), page.includes(name)]).toEqual([sees, sees]);
    const { data } = await asked[role].from('staff_leads').select('email').eq('id', leadId);
    expect(data).toEqual([{ email: sees ? email : null }]);
    const words = { words: 'Сапар', period: 'all' };
    const found = (await as[role].post('/leads', words)).headers.get('location') ?? '';
    expect((await textOf(as[role].get(found))).includes(leadId)).toBe(sees);
    const past = await asked[role].rpc('console_find_leads', {
      asked: { text: [['%сапар%']], limit: 9 },
    });
    expect((past.data as { rows: unknown[] }).rows).toHaveLength(sees ? 3 : 0);
  });
});

test('an action on a row that is not there is told so', async () => {
  const nobody = `/leads/${crypto.randomUUID()}`;
  expect((await as.sales.post(`${nobody}/release`, {})).status).toBe(404);
});

describe('an act', () => {
  const act = async (role: StaffRole, path: string, fields: Record<string, string> = {}) =>
    (await as[role].post(path, fields)).headers.get('location');

  test('lets a held lead out once, whoever is faster, and the log names both', async () => {
    const { leadId, kind } = leads.held;
    expect(await textOf(as.sales.get(`/leads/${leadId}?ask=release`))).toContain(
      'Пропустить эту заявку?',
    );
    const [first, second] = [
      await act('sales', `/leads/${leadId}/release`),
      await act('owner', `/leads/${leadId}/release`),
    ];
    expect([first, second]).toEqual([`/leads/${leadId}?done=released`, `/leads/${leadId}?done=0`]);
    expect(await textOf(as.owner.get(second ?? ''))).toContain('кто-то уже сделал это');
    expect(await bus.lastUnder('LEADS', subjects.leadReleased(kind, leadId))).toBeDefined();
    expect(await auditOf(bus, 'lead.released', leadId)).toMatchObject([
      { actor: addressOf('sales'), result: 'done', details: { released: 1, already: 0 } },
      { actor: addressOf('owner'), result: 'done', details: { released: 0, already: 1 } },
    ]);
  });

  test('takes back what is planned, and the log says who did', async () => {
    const { leadId } = leads.foreign;
    const mail = await enterMessage(bus, leads.foreign, 'email');
    const answer = await act('sales', `/leads/${leadId}/cancel`);
    expect(answer).toBe(`/leads/${leadId}?done=cancelled1`);
    const [entry] = await createLedger(bus).ofLead(leadId);
    expect(entry).toMatchObject({
      deliveryId: mail.deliveryId,
      state: 'skipped',
      reason: 'cancelled',
    });
    expect(await auditOf(bus, 'lead.cancelled', leadId)).toMatchObject([
      { actor: addressOf('sales'), result: 'done' },
    ]);
  });

  test('of two people who redrive at once hands a message out once', async () => {
    const { leadId } = leads.tagged;
    const mail = await enterMessage(bus, leads.tagged, 'email', { state: 'failed' });
    await bury(bus, mail);
    const group = { group: 'notifier-email.validation_error' };
    const question = await textOf(
      as.sales.get(`/problems?ask=redrive&${new URLSearchParams(group).toString()}`),
    );
    expect(question).toContain('<b>1</b> уйдёт заново');
    await Promise.all([
      act('sales', '/problems/redrive', group),
      act('owner', '/problems/redrive', group),
    ]);
    const subject = subjects.notifyDue('email', mail.deliveryId);
    const { streams } = await bus.manager();
    const { state } = await streams.info('NOTIFICATIONS', { subjects_filter: subject });
    expect(state.subjects).toEqual({ [subject]: 1 });
    expect((await streams.info('DEAD_LETTERS')).state.messages).toBe(0);
    const [entry] = await createLedger(bus).ofLead(leadId);
    expect(entry).toMatchObject({ state: 'planned' });
    // Whoever came when it was gone has a line of their own about nothing.
    const records = [
      ...(await auditOf(bus, 'dead_letter.redriven', leadId)),
      ...(await auditOf(bus, 'dead_letter.redriven', 'many')),
    ];
    const actors = new Set(records.map(({ actor }) => actor));
    expect(actors).toEqual(new Set([addressOf('sales'), addressOf('owner')]));
    const redriven = records.filter(({ details }) => details?.['redrive'] === 1);
    expect(redriven.length).toBeGreaterThan(0);
  });

  test('that takes the list away is logged, and has in it what the person may see', async () => {
    const file = async (role: StaffRole) => {
      const answer = await as[role].get('/leads/csv');
      expect(answer.headers.get('content-disposition')).toMatch(/leads-[\d-]+\.csv/);
      return answer.text();
    };
    const [sales, viewer, tags] = [
      await file('sales'),
      await file('viewer'),
      await file('targetologist'),
    ];
    expect(sales).toContain(`;Мадина Сапар;'${leads.tagged.phone};${leads.tagged.email};Facebook;`);
    for (const text of [viewer, tags]) expect(text).not.toMatch(/Сапар|\+7|@/);
    const lines = [sales, viewer, tags].map((text) => text.trim().split('\r\n').length - 1);
    expect(lines).toEqual([3, 3, 1]);
    const records = await auditOf(bus, 'lead.exported', 'many');
    expect(records.filter(({ actor }) => actor === addressOf('sales')).at(-1)?.details).toEqual({
      leads: 3,
      hasContacts: true,
    });
  });

  test('of an owner adds somebody who works here from then on, and the log says who did', async () => {
    const fields = { email: 'New@Leadwire-Sample.kz', name: 'Сауле', role: 'sales' };
    expect(await act('owner', '/settings/staff/add', fields)).toBe('/settings?done=add');
    expect(await act('owner', '/settings/staff/add', { ...fields, role: 'owner' })).toBe(
      '/settings?problem=exists',
    );
    expect(await act('owner', '/settings/staff/add', { email: 'nobody' })).toBe(
      '/settings?problem=bad_address',
    );
    expect(await textOf(as.owner.get('/settings'))).toContain('new@leadwire-sample.kz');
    const [row] = await rig.landing.landing.sql<{ id: string }>(
      "select id from staff where email = 'new@leadwire-sample.kz' and role = 'sales' and active",
    );
    expect(await bus.lastUnder('STAFF', subjects.staffChanged(row?.id ?? ''))).toBeDefined();
    expect(await auditOf(bus, 'staff.added', row?.id ?? '')).toMatchObject([
      { actor: addressOf('owner'), result: 'done' },
      { result: 'refused' },
    ]);
  });

  test('that was not confirmed with the number changes nothing', async () => {
    const { leadId } = leads.foreign;
    await enterMessage(bus, leads.foreign, 'sms', { state: 'sent' });
    const wrong = await act('sales', `/leads/${leadId}/resend-sms`, { sure: '000000' });
    expect(wrong).toBe(`/leads/${leadId}?done=number`);
    expect(await auditOf(bus, 'delivery.resent', leadId)).toEqual([]);
    const right = { sure: leadId.slice(-6) };
    expect(await act('sales', `/leads/${leadId}/resend-sms`, right)).toBe(
      `/leads/${leadId}?done=1`,
    );
    expect(await auditOf(bus, 'delivery.resent', leadId)).toMatchObject([
      { actor: addressOf('sales'), details: { channel: 'sms' } },
    ]);
  });
});

describe('reports', () => {
  test('lead from a source to its campaigns, and back', async () => {
    const page = await textOf(as.owner.get('/reports'));
    expect(page).toContain('/reports?by=campaign&amp;source=facebook');
    const inside = await textOf(as.owner.get('/reports?by=campaign&source=facebook'));
    expect(inside).toMatch(/class="chip is-set" href="\/reports"/);
    expect(inside).toContain('Без кампании');
    const empty = await textOf(as.owner.get('/reports?by=campaign&source=nobody'));
    expect(empty).toContain('Заявок и продаж за эти дни нет');
  });

  test('show after how many days people buy, to whoever sees reports', async () => {
    const { sql } = rig.landing.landing;
    expect(await textOf(as.owner.get('/reports'))).not.toContain('Через сколько дней покупают');
    await sql(`insert into sales (id, student_id, amount, sold_at, first_lead_id, last_lead_id)
      select gen_random_uuid(), 'st-1', 5000, now(), id, id from landing_leads where id = '${leads.tagged.leadId}'`);
    const rowOf = (page: string) => /Через сколько дней покупают.*<\/section>/s.exec(page)?.[0];
    const seen = rowOf(await textOf(as.owner.get('/reports?days=90')));
    expect(seen).toMatch(/За 7 дн\.<\/span>1 · \d+\u00A0%<span aria-hidden="true">\*/);
    expect(rowOf(await textOf(as.targetologist.get('/reports')))).toContain('1 · 100');
    const asked = {
      since: '2026-01-01',
      until: '2027-01-01',
      timeZone: 'UTC',
      unit: 'week',
      days: [7],
    };
    const past = await (await askingAs(rig, 'sales')).rpc('console_report_cohorts', { asked });
    expect(past.error?.code).toBe('42501');
  });

  test('of tags that contradict a lead ask a person once, and the log says who decided', async () => {
    const { sql } = rig.landing.landing;
    const [row] = await sql<{ id: string }>(
      `insert into attribution_conflicts (project, row_id, lead_id, said)
       values ('tripwire', '7', '${leads.tagged.leadId}', '{"source": "tiktok"}') returning id`,
    );
    expect(await textOf(as.sales.get('/problems'))).toContain('Метки не сходятся');
    const decision = { conflict: row?.id ?? '', decided: 'lead' };
    const decide = () => as.sales.post('/problems/attribution', decision);
    expect((await decide()).headers.get('location')).toBe('/problems?done=decided&n=1');
    expect((await decide()).headers.get('location')).toBe('/problems?done=decided&n=0');
    expect(await sql(`select decision from attribution_conflicts`)).toEqual([{ decision: 'lead' }]);
    expect(await textOf(as.sales.get('/problems'))).not.toContain('Метки не сходятся');
  });

  test('of what grows unnoticed say what to do, each day, week and month', async () => {
    const page = await textOf(as.owner.get('/settings/upkeep'));
    for (const words of ['Каждый день', 'Каждую неделю', 'Каждый месяц', 'Хранилище очереди']) {
      expect(page).toContain(words);
    }
  });
});
