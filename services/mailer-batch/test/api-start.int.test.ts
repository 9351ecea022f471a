import { describe, expect, test } from 'vitest';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { waitFor } from '@leadwire/testing/wait-for';
import { createPauseAlerts } from '../src/campaigns/pause-alerts.ts';
import { recipients, useApi, variables } from './api-rig.ts';

const api = useApi();

function listed(count: number, from = 0) {
  return { audience: { kind: 'list', recipients: recipients(count, from) } };
}

const statusOf = async (id: string) => (await api.get(`/api/campaigns/${id}`)).body;

describe('starting', () => {
  test('needs the exact number of people, and says it; a second start is refused', async () => {
    const id = await api.draft(listed(3));
    const start = (confirm: unknown) => api.post(`/api/campaigns/${id}/start`, { confirm });
    expect(await start('all')).toMatchObject({ status: 400 });
    for (const wrong of [0, 2, 4]) {
      expect(await start(wrong)).toMatchObject({
        status: 409,
        body: { audience: 3, issues: [{ path: 'confirm', message: 'the audience has 3 people' }] },
      });
    }
    expect(await statusOf(id)).toMatchObject({ campaign: { status: 'draft' } });
    expect(await start(3)).toMatchObject({
      status: 200,
      body: { campaign: { status: 'running', confirmedCount: 3 } },
    });
    expect(await start(3)).toMatchObject({
      status: 409,
      body: { error: 'the campaign is running: it cannot start' },
    });
    const list = await api.call('PUT', `/api/campaigns/${id}/audience`, 'email\na@mail.kz');
    expect(list).toMatchObject({ status: 409 });
  });

  test('counts anew who is suppressed or on the standing list by then', async () => {
    const id = await api.draft(listed(4, 100));
    const contact = (n: number) => `PERSON-${n}@mail.leadwire-sample.kz`;
    const blocked = [{ channel: 'email', contact: contact(100) }];
    const staff = [{ channel: 'email', contact: contact(101) }];
    await api.post('/api/suppressions', { contacts: blocked });
    await api.post('/api/exclusions', { contacts: staff, note: 'staff' });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({
      read: 4,
      audience: 2,
      leftOut: { suppressed: 1, excluded_standing: 1 },
      people: {
        items: [
          { row: 1, reason: 'suppressed', words: 'blocked by hand' },
          { row: 2, reason: 'excluded_standing' },
        ],
        nextAfter: null,
      },
    });
    const started = await api.post(`/api/campaigns/${id}/start`, { confirm: 4 });
    expect(started).toMatchObject({ status: 409, body: { audience: 2 } });
    await api.call('DELETE', '/api/suppressions', { contacts: blocked });
    await api.call('DELETE', '/api/exclusions', { contacts: staff });
    expect(await api.post(`/api/campaigns/${id}/start`, { confirm: 4 })).toMatchObject({
      status: 200,
    });
  });

  test('twice at the same time starts once', async () => {
    const id = await api.draft(listed(3, 200));
    const answers = await Promise.all(
      [1, 2, 3].map(() => api.post(`/api/campaigns/${id}/start`, { confirm: 3 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  test.each([
    ['without a list', {}, 'audience'],
    [
      'with nobody left of it',
      { audience: { kind: 'list', recipients: [{ name: 'Анна' }] } },
      'audience',
    ],
    [
      'about something that is over',
      { ...listed(1, 300), variables: { ...variables, newDate: '2026-11-20T09:59:00Z' } },
      'variables',
    ],
    [
      'scheduled for after what it is about',
      { ...listed(1, 301), schedule: '2026-12-01T10:00:00Z' },
      'variables',
    ],
  ])('%s is refused', async (_what, given, path) => {
    const id = await api.draft(given);
    const answer = await api.post(`/api/campaigns/${id}/start`, { confirm: 1 });
    expect(answer).toMatchObject({ status: 422, body: { issues: [{ path }] } });
    expect(await statusOf(id)).toMatchObject({ campaign: { status: 'draft' } });
  });

  test('finds variables that went missing after the list was checked', async () => {
    const id = await api.draft({
      audience: {
        kind: 'list',
        recipients: [{ email: 'a@mail.kz', link: 'https://leadwire.kz/a' }, { email: 'b@mail.kz' }],
      },
    });
    const changed = { variables: { ...variables, link: undefined } };
    expect(await api.call('PATCH', `/api/campaigns/${id}`, changed)).toMatchObject({ status: 200 });
    expect(await api.post(`/api/campaigns/${id}/start`, { confirm: 2 })).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'row 2', message: 'link: missing' }] },
    });
  });

  test('leaves out who got the topic already', async () => {
    await api
      .supabase()
      .landing.sql(
        `insert into campaign_topic_sends (topic, channel, contact) values ('moved', 'email', 'person-400@mail.leadwire-sample.kz')`,
      );
    const id = await api.draft({ ...listed(2, 400), topic: 'moved' });
    expect((await api.get(`/api/campaigns/${id}/preview`)).body).toMatchObject({
      audience: 1,
      leftOut: { topic_already_sent: 1 },
    });
  });

  test('waits for its schedule', async () => {
    const soon = { ...variables, newDate: '2099-11-27T19:00:00+05:00' };
    const id = await api.draft({
      ...listed(1, 500),
      variables: soon,
      schedule: '2099-11-20T10:00:00Z',
    });
    const started = await api.post(`/api/campaigns/${id}/start`, { confirm: 1 });
    expect(started.body).toMatchObject({ campaign: { status: 'scheduled', startedAt: null } });
    const patch = (body: object) => api.call('PATCH', `/api/campaigns/${id}`, body);
    expect(await patch({ scheduledFor: '2099-12-24T10:00:00Z' })).toMatchObject({ status: 422 });
    expect(await patch({ scheduledFor: '2099-11-21T10:00:00+05:00' })).toMatchObject({
      status: 200,
    });
    expect(await patch({ name: 'x' })).toMatchObject({
      status: 409,
      body: { issues: [{ path: 'name', message: 'not while it is scheduled' }] },
    });
  });
});

describe('a running campaign', () => {
  test('is paused, goes on, takes another rate, and is cancelled', async () => {
    const id = await api.draft(listed(3, 600));
    const post = (what: string) => api.post(`/api/campaigns/${id}/${what}`);
    expect(await post('pause')).toMatchObject({ status: 409 });
    await api.post(`/api/campaigns/${id}/start`, { confirm: 3 });
    expect(await post('pause')).toMatchObject({
      status: 200,
      body: { campaign: { status: 'paused', pauseReason: 'by_hand' } },
    });
    const log = createLog('test', 'silent');
    const { store } = api.ports();
    await createPauseAlerts({ bus: api.bus(), log, store }).paused(id, 'too_many_errors');
    const told = async () => {
      const stored = await api.bus().lastUnder('ALERTS', `alerts.critical.campaign_paused-${id}`);
      return eventSchemas['alert.raised.v1'].parse(stored?.event).data;
    };
    expect(await told()).toMatchObject({
      message: 'Рассылка «Эфир»: слишком много сообщений не ушло.',
    });
    expect(await post('resume')).toMatchObject({ body: { campaign: { status: 'running' } } });
    expect(await told()).toMatchObject({ state: 'resolved' });
    const patched = await api.call('PATCH', `/api/campaigns/${id}`, { ratePerSecond: 2.5 });
    expect(patched).toMatchObject({ status: 200, body: { campaign: { ratePerSecond: 2.5 } } });
    expect(await api.post(`/api/campaigns/${id}/retry`)).toMatchObject({ body: { people: 0 } });
    expect(await post('cancel')).toMatchObject({
      body: {
        campaign: {
          status: 'cancelled',
          counts: { audience: 3, skipped: 3, pending: 0 },
          progress: { perSecond: 0, secondsLeft: null },
        },
      },
    });
    expect(await post('resume')).toMatchObject({ status: 409 });
    expect(await post('start')).toMatchObject({ status: 400 });
  });
});

test('what is done to a campaign is in the audit log: who, what, and whether it was refused', async () => {
  const id = await api.draft(listed(1, 900));
  const actor = { 'x-leadwire-actor': 'aida@leadwire-sample.kz' };
  await api.post(`/api/campaigns/${id}/start`, { confirm: 2 }, actor);
  await api.post(`/api/campaigns/${id}/start`, { confirm: 1 }, actor);
  await api.post(`/api/campaigns/${id}/cancel`);
  await api.get(`/api/campaigns/${id}`);
  const recorded = async () => {
    const found: unknown[] = [];
    for await (const { json } of readStream(api.bus(), 'AUDIT')) {
      const { data } = json as { data: Record<string, string> };
      if (data['subject'] === id) found.push([data['actor'], data['action'], data['result']]);
    }
    return found.length < 4 ? undefined : found;
  };
  expect(await waitFor(recorded, { what: 'the records' })).toEqual([
    ['admin token', 'campaign.created', 'done'],
    [actor['x-leadwire-actor'], 'campaign.started', 'refused'],
    [actor['x-leadwire-actor'], 'campaign.started', 'done'],
    ['admin token', 'campaign.cancelled', 'done'],
  ]);
});

describe('a segment', () => {
  const lead = (id: number, more: string) =>
    `('6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f000${id}', 'proftest', ${more})`;
  const bought = { field: 'bought', op: 'is', value: true };
  const facebook = { field: 'utm_source', op: 'is', value: ['Facebook'] };
  const people = async (filter: unknown, channel = 'email') =>
    (await api.post('/api/segments/count', { filter, channel })).body as unknown as {
      people: number;
      reachable: number;
    };

  test('is counted over leads, sales and campaigns, saved, frozen at the start, and stale for the second writer', async () => {
    const { sql } = api.supabase().landing;
    await sql(`insert into landing_leads (id, kind, name, email, phone, utm_source, created_at, quarantined) values
      ${lead(1, `'Анна', 'anna@leadwire-sample.kz', '+77000000001', 'facebook', now() - interval '3 days', false`)},
      ${lead(2, `'Анна Б', 'ANNA@leadwire-sample.kz', null, 'google', now() - interval '40 days', false`)},
      ${lead(3, `'Борис', 'boris@leadwire-sample.kz', '+77000000003', 'facebook', now(), false`)},
      ${lead(4, `'Вера', 'vera@leadwire-sample.kz', null, 'facebook', now(), false`)},
      ${lead(5, `'Бот', 'bot@leadwire-sample.kz', null, 'facebook', now(), true`)}`);
    await sql(`insert into sales (id, student_id, lead_id, phone, amount, sold_at) values
      ('6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0011', 's1', '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0003', '+77000000003', 5000, now())`);
    await api.post('/api/suppressions', {
      contacts: [{ channel: 'email', contact: 'vera@leadwire-sample.kz' }],
    });

    expect(await people({ all: [facebook] })).toMatchObject({ people: 3, reachable: 2 });
    // Who bought by phone has bought, also for mail.
    expect(await people({ all: [facebook, bought] })).toMatchObject({ people: 1 });
    expect(await people({ all: [facebook, { ...bought, value: false }] })).toMatchObject({
      people: 2,
    });
    expect(await people({ all: [facebook] }, 'sms')).toMatchObject({ people: 2 });
    const old = { field: 'lead_at', op: 'before', value: '30d' };
    expect(await people({ any: [old, bought] })).toMatchObject({ people: 2 });
    for (const filter of [{ field: 'password', op: 'is', value: 'x' }, { all: 'x' }]) {
      expect((await api.post('/api/segments/count', { filter })).status).toBe(400);
    }

    const named = { name: 'Не купили', filter: { all: [facebook, { ...bought, value: false }] } };
    const saved = await api.post('/api/segments', named);
    const { segment } = saved.body as unknown as { segment: { id: string; changedAt: string } };
    expect(saved).toMatchObject({ status: 201, body: { segment: named } });
    expect((await api.post('/api/segments', named)).status).toBe(422);

    const id = await api.draft({ audience: { kind: 'segment', segmentId: segment.id } });
    expect((await api.get(`/api/campaigns/${id}/preview`)).body).toMatchObject({
      audience: 1,
      leftOut: { suppressed: 1 },
    });
    const wider = { name: 'Не купили', filter: { all: [facebook] }, changedAt: segment.changedAt };
    expect((await api.call('PUT', `/api/segments/${segment.id}`, wider)).status).toBe(200);
    expect((await api.call('PUT', `/api/segments/${segment.id}`, wider)).status).toBe(409);
    // As it is at the start, and nobody is written to who was not in the number.
    expect(await api.post(`/api/campaigns/${id}/start`, { confirm: 1 })).toMatchObject({
      status: 409,
      body: { audience: 2 },
    });
    expect((await api.post(`/api/campaigns/${id}/start`, { confirm: 2 })).status).toBe(200);

    await sql(
      `update campaign_recipients set status = 'sent', sent_at = now() - interval '1 day',
         opened_at = case when contact like 'anna%' then now() end where campaign_id = $1`,
      [id],
    );
    const report = await api.get(`/api/campaigns/${id}/report`);
    expect(report.body).toMatchObject({
      summary: {
        sales: { count: 1, amount: 5000 },
        domains: [{ domain: 'leadwire-sample.kz', sent: 2, opened: 1 }],
      },
    });
    const again = await api.post(`/api/campaigns/${id}/resend`);
    expect(again).toMatchObject({ status: 201, body: { campaign: { counts: { audience: 1 } } } });
  });

  test('of nobody is refused with words', async () => {
    const nobody = {
      kind: 'segment',
      filter: { field: 'utm_source', op: 'is', value: 'нет такого' },
    };
    const base = { name: 'Эфир', channel: 'email', template: 'stream-moved', variables };
    expect(await api.post('/api/campaigns', { ...base, audience: nobody })).toMatchObject({
      status: 422,
      body: { error: 'the segment has nobody to write to' },
    });
  });
});
