import { describe, expect, test } from 'vitest';
import { recipients, useApi, variables } from './api-rig.ts';

const api = useApi();

describe('without the token', () => {
  test.each([
    ['GET', '/api/campaigns'],
    ['POST', '/api/campaigns'],
    ['GET', '/api/campaigns/no-id/preview'],
    ['POST', '/api/campaigns/0199c0de-0000-7000-8000-000000000000/start'],
    ['DELETE', '/api/suppressions'],
    ['GET', '/api/nothing'],
    ['GET', '/nothing'],
  ])('%s %s is refused, and nothing is said', async (method, path) => {
    const authorizations = [undefined, 'Bearer wrong', 'Basic YTpi', `Bearer `];
    for (const authorization of authorizations) {
      const headers = { authorization: authorization ?? '' };
      const body = method === 'POST' ? { broken: true } : undefined;
      const answer = await api.call(method, path, body, headers);
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ success: false, error: 'unauthorized', issues: [] });
    }
  });

  test('the documentation is open and describes every address', async () => {
    const { status, body } = await api.get('/openapi.json', { authorization: '' });
    expect(status).toBe(200);
    const { openapi, paths } = body as unknown as { openapi: string; paths: object };
    expect(openapi).toBe('3.1.0');
    expect(paths).toHaveProperty(['/api/campaigns/{id}/audience', 'put', 'requestBody']);
    expect(Object.keys(paths).sort()).toEqual(
      [
        ...['/api/campaigns', '/api/campaigns/{id}', '/api/campaigns/{id}/audience'],
        ...['cancel', 'pause', 'preview', 'report', 'resume', 'retry', 'start', 'test'].map(
          (last) => `/api/campaigns/{id}/${last}`,
        ),
        ...['copy', 'resend', 'subjects'].map((last) => `/api/campaigns/{id}/${last}`),
        ...['/api/exclusions', '/api/pictures', '/api/suppressions', '/api/templates'],
        ...['/api/segments', '/api/segments/count', '/api/segments/{id}'],
        ...['/api/sequences', '/api/sequences/stop', '/api/sequences/{id}'],
        ...['off', 'on', 'stop'].map((last) => `/api/sequences/{id}/${last}`),
        ...['/api/texts', '/api/texts/{name}'],
        ...['check', 'preview', 'restore', 'versions'].map((last) => `/api/texts/{name}/${last}`),
      ].sort(),
    );
  });
});

describe('a new campaign', () => {
  test('is a draft, with everybody counted', async () => {
    const answer = await api.post('/api/campaigns', {
      name: 'Эфир',
      channel: 'email',
      template: 'stream-moved',
      variables,
      audience: {
        kind: 'list',
        recipients: [...recipients(3), { email: 'PERSON-0@mail.leadwire-sample.kz' }, {}],
      },
      exclude: ['person-2@mail.leadwire-sample.kz'],
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      campaign: {
        status: 'draft',
        audienceReady: true,
        timeZone: 'Asia/Almaty',
        quietHours: '21:00-09:00',
      },
      preview: {
        read: 5,
        audience: 2,
        leftOut: { duplicate: 1, contact_missing: 1, excluded_by_campaign: 1 },
      },
    });
  });

  test.each([
    ['an unknown template', { template: 'strem-moved' }, 422, 'template', /there are stream-moved/],
    [
      'a missing variable',
      { variables: { ...variables, reason: undefined } },
      422,
      'variables.reason',
      /missing/,
    ],
    [
      'an unknown variable',
      { variables: { ...variables, raeson: 'x' } },
      422,
      'variables.raeson',
      /no such variable/,
    ],
    [
      'a wrong date',
      { variables: { ...variables, newDate: '27.11' } },
      422,
      'variables.newDate',
      /2026-11-27T19:00\+05:00/,
    ],
    ['a field that is not there', { headline: 'x' }, 400, '', /headline/],
    ['an unknown channel', { channel: 'fax' }, 400, 'channel', /./],
    ['a rate of nothing', { ratePerSecond: 0 }, 400, 'ratePerSecond', /./],
    ['odd quiet hours', { quietHours: 'at night' }, 400, 'quietHours', /21:00-09:00/],
    ['an unknown zone', { timeZone: 'Mars/Base' }, 400, 'timeZone', /Asia\/Almaty/],
    [
      'a table that may not be read',
      { audience: { kind: 'table', table: 'integration_tokens' } },
      422,
      'audience.table',
      /AUDIENCE_TABLES/,
    ],
    [
      'SQL for a table',
      { audience: { kind: 'table', table: 'leads; drop table x' } },
      400,
      'audience.table',
      /lower-case/,
    ],
  ])('%s is refused with its name', async (_what, change, status, path, message) => {
    const base = { name: 'Эфир', channel: 'email', template: 'stream-moved', variables };
    const before = await api.get('/api/campaigns?limit=200');
    const answer = await api.post('/api/campaigns', { ...base, ...change });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      success: false,
      issues: [{ path, message: expect.stringMatching(message) }],
    });
    expect((await api.get('/api/campaigns?limit=200')).text).toBe(before.text);
  });

  test('says which template it does not know', async () => {
    const base = { name: 'Эфир', channel: 'email', template: 'strem-moved', variables };
    const { body } = await api.post('/api/campaigns', base);
    expect(body).toMatchObject({ error: 'there is no template strem-moved' });
  });

  test('that does not exist is not found', async () => {
    const path = '/api/campaigns/0199c0de-0000-7000-8000-000000000000';
    for (const answer of [
      await api.get(path),
      await api.get(`${path}/preview`),
      await api.get(`${path}/report`),
      await api.post(`${path}/start`, { confirm: 1 }),
      await api.post(`${path}/pause`),
      await api.post(`${path}/test`, { to: ['a@mail.kz'] }),
      await api.call('PUT', `${path}/audience`, 'email\na@mail.kz\n'),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { error: 'there is no such campaign' } });
    }
    expect((await api.get('/api/campaigns/7')).status).toBe(400);
  });
});

describe('a table', () => {
  test('of the landing project is read by name and filter, without bots', async () => {
    const { landing } = api.supabase();
    await landing.sql(
      `insert into landing_leads (id, name, email, phone, kind, quarantined) values
        (gen_random_uuid(), 'Анна', 'anna@mail.kz', '+77051234567', 'proftest', false),
        (gen_random_uuid(), 'Борис', 'boris@mail.kz', null, 'purchase', false),
        (gen_random_uuid(), 'Вера', null, '+77051234568', 'proftest', false),
        (gen_random_uuid(), 'Бот', 'bot@mail.kz', null, 'proftest', true)`,
    );
    const id = await api.draft({
      audience: {
        kind: 'table',
        table: 'landing_leads',
        filter: [
          { column: 'kind', op: 'in', value: ['proftest'] },
          { column: 'name', op: 'not_is', value: null },
        ],
      },
    });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({
      read: 2,
      audience: 1,
      leftOut: { contact_missing: 1 },
      sample: { name: 'Анна' },
      people: { items: [{ name: 'Вера', contact: null, reason: 'contact_missing' }] },
    });
  });

  test('of the tripwire project in pages, with columns of other names', async () => {
    await api.supabase().tripwire.sql(
      `insert into lead_tracking (name, email, source) select 'Имя', 'p' || n || '@mail.kz', 'https://leadwire.kz/' || n
       from generate_series(1, 2100) as n`,
    );
    const id = await api.draft({
      variables: { ...variables, link: undefined },
      audience: {
        kind: 'table',
        project: 'tripwire',
        table: 'lead_tracking',
        columns: { phone: null, variables: { link: 'source' } },
      },
    });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({ read: 2100, audience: 2100 });
  });

  test.each([
    ['a column that is not there', { filter: [{ column: 'nope', value: 1 }] }, 422],
    [
      'a value of another type',
      { filter: [{ column: 'created_at', op: 'gt', value: 'not a date' }] },
      422,
    ],
    ['a key that is not unique', { columns: { key: 'kind' } }, 422],
    ['an operator that is none', { filter: [{ column: 'kind', op: 'or', value: 1 }] }, 400],
    ['a column that is SQL', { filter: [{ column: 'kind=1&select', value: 1 }] }, 400],
  ])('with %s is refused', async (_what, change, status) => {
    const answer = await api.post('/api/campaigns', {
      name: 'Эфир',
      channel: 'email',
      template: 'stream-moved',
      variables,
      audience: { kind: 'table', table: 'landing_leads', ...change },
    });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ success: false });
  });
});
