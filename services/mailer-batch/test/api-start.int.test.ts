import { describe, expect, test } from '@jest/globals';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { waitFor } from '@leadwire/testing/wait-for';
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
    expect(await post('resume')).toMatchObject({ body: { campaign: { status: 'running' } } });
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
