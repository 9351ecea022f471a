/** Making drafts over HTTP: repeats of a request, and what a slip of the hand must not do. */
import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { recipients, useApi, variables } from './api-rig.ts';

const api = useApi();

const body = (given: object = {}) => ({
  name: 'Эфир',
  channel: 'email',
  template: 'stream-moved',
  variables,
  ...given,
});
const make = (given: object, key?: string) =>
  api.post('/api/campaigns', body(given), key === undefined ? {} : { 'idempotency-key': key });
const idOf = (answer: { body: unknown }) =>
  (answer.body as { campaign: { id: string } }).campaign.id;
const list = (count: number, from: number) => ({
  audience: { kind: 'list', recipients: recipients(count, from) },
});
const drafts = async () => {
  const { body: all } = await api.get('/api/campaigns?limit=200');
  return (all as unknown as { campaigns: unknown[] }).campaigns.length;
};

describe('a request with an Idempotency-Key', () => {
  test('makes one draft, however often it comes', async () => {
    const key = newId();
    const before = await drafts();
    const first = await make(list(3, 0), key);
    expect(first.status).toBe(201);
    for (let time = 2; time <= 3; time += 1) {
      const again = await make(list(3, 0), key);
      expect(again).toMatchObject({
        status: 200,
        body: { success: true, duplicate: true, preview: { audience: 3 } },
      });
      expect(idOf(again)).toBe(idOf(first));
    }
    expect(await drafts()).toBe(before + 1);
  });

  test('answers the draft as it is by now, also after its start', async () => {
    const key = newId();
    const first = await make(list(2, 10), key);
    await api.post(`/api/campaigns/${idOf(first)}/start`, { confirm: 2 });
    expect(await make(list(2, 10), key)).toMatchObject({
      status: 200,
      body: { campaign: { id: idOf(first), status: 'running' } },
    });
    await api.post(`/api/campaigns/${idOf(first)}/cancel`);
  });

  test('is refused with another body, and changes nothing', async () => {
    const key = newId();
    const first = await make(list(2, 20), key);
    expect(await make(list(3, 20), key)).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('this key was used before') },
    });
    const { body: now } = await api.get(`/api/campaigns/${idOf(first)}`);
    expect(now).toMatchObject({ campaign: { counts: { audience: 2 } } });
  });

  test('that was cut off before its list was stored is gone on with', async () => {
    const key = newId();
    const first = await make(list(2, 30), key);
    // As a process leaves it that dies between the two.
    await api.supabase().landing.sql(
      `with l as (delete from campaign_recipients where campaign_id = $1)
          update campaigns set audience_ready = false where id = $1`,
      [idOf(first)],
    );
    const again = await make(list(2, 30), key);
    expect(again).toMatchObject({ status: 201, body: { preview: { audience: 2 } } });
    expect(idOf(again)).toBe(idOf(first));
  });

  test('two at one moment make one draft', async () => {
    const key = newId();
    const before = await drafts();
    const answers = await Promise.all([make({}, key), make({}, key)]);
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(await drafts()).toBe(before + 1);
  });

  test('an empty one counts as none, one that is no text is refused', async () => {
    const [one, other] = [await make({}, ''), await make({}, '')];
    expect(idOf(one)).not.toBe(idOf(other));
    expect(await make({}, 'x'.repeat(201))).toMatchObject({ status: 400 });
  });
});

describe('a slip of the hand', () => {
  test.each([
    // East for Node, west for the database: quiet hours would be ten hours off.
    ['an offset for a zone', { timeZone: '+05:00' }, 400],
    ['a zone that is none', { timeZone: 'Asia/Almata' }, 400],
    ['quiet hours that end where they begin', { quietHours: '09:00-09:00' }, 400],
    ['a time that has passed', { schedule: '2026-11-19T10:00:00+05:00' }, 422],
  ])('%s is refused', async (_what, given, status) => {
    expect(await make(given)).toMatchObject({ status });
  });

  test('a draft is not moved into the past', async () => {
    const id = await api.draft();
    const patched = await api.call('PATCH', `/api/campaigns/${id}`, {
      scheduledFor: '2026-11-20T09:59:00Z',
    });
    expect(patched).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'scheduledFor', message: 'has passed already' }] },
    });
  });

  test('a scheduled campaign that loses its time does not begin at once', async () => {
    const soon = { variables: { ...variables, newDate: '2099-11-27T19:00:00+05:00' } };
    const id = await api.draft({ ...list(1, 40), ...soon, schedule: '2099-11-20T10:00:00Z' });
    await api.post(`/api/campaigns/${id}/start`, { confirm: 1 });
    const patched = await api.call('PATCH', `/api/campaigns/${id}`, { scheduledFor: null });
    expect(patched).toMatchObject({ status: 422 });
    const { body: now } = await api.get(`/api/campaigns/${id}`);
    expect(now).toMatchObject({ campaign: { status: 'scheduled' } });
    await api.post(`/api/campaigns/${id}/cancel`);
  });

  test.each(['resume', 'retry'])(
    'what a campaign is about is over by now: it does not %s',
    async (what) => {
      const id = await api.draft(list(2, what === 'resume' ? 50 : 60));
      await api.post(`/api/campaigns/${id}/start`, { confirm: 2 });
      await api.post(`/api/campaigns/${id}/pause`);
      await api
        .supabase()
        .landing.sql(
          `update campaigns set variables = variables || '{"newDate": "2026-11-20T09:00:00Z"}' where id = $1`,
          [id],
        );
      expect(await api.post(`/api/campaigns/${id}/${what}`)).toMatchObject({
        status: 422,
        body: { error: 'the campaign comes too late' },
      });
      await api.post(`/api/campaigns/${id}/cancel`);
    },
  );
});

describe('a list as a file', () => {
  const csv = 'Имя;Email\nДана;dana@mail.leadwire-sample.kz\n';
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(csv, 'utf16le')]);

  test.each([
    ['as text', { csv }],
    ['as the bytes of its encoding', { base64: utf16.toString('base64') }],
  ])('%s', async (_what, file) => {
    const made = await make({ audience: { kind: 'csv', ...file } });
    expect(made).toMatchObject({ status: 201, body: { preview: { audience: 1 } } });
  });

  test.each([[{}], [{ csv, base64: utf16.toString('base64') }]])(
    'not none, not two',
    async (file) => {
      expect(await make({ audience: { kind: 'csv', ...file } })).toMatchObject({ status: 422 });
    },
  );
});

describe('whose message is shown', () => {
  test('is somebody who is written to, not the first of the list', async () => {
    const id = await api.draft(list(3, 70));
    const first = { channel: 'email', contact: recipients(1, 70)[0]?.email };
    await api.post('/api/suppressions', { contacts: [first] });
    const shown = await api.get(`/api/campaigns/${id}/preview`);
    expect(shown.body).toMatchObject({ audience: 2, sample: { row: 2 } });
    expect(await api.get(`/api/campaigns/${id}/preview?row=1`)).toMatchObject({ status: 404 });
    expect(await api.get(`/api/campaigns/${id}/preview?row=3`)).toMatchObject({
      body: { sample: { row: 3 } },
    });
  });

  test('and an SMS estimate counts everybody, though those with the same text are rendered once', async () => {
    const names = ['Дана', 'Айгерим', 'Дана', 'Дана', 'Айгерим'];
    const long = `https://leadwire.kz/${'x'.repeat(60)}`;
    const people = names.map((name, n) => ({
      name,
      phone: `+7705222000${n}`,
      ...(n === 4 && { link: long }),
    }));
    const id = await api.draft({
      channel: 'sms',
      audience: { kind: 'list', recipients: people },
    });
    const blocked = { channel: 'sms', contact: '+77052220001' };
    await api.post('/api/suppressions', { contacts: [blocked] });
    expect((await api.get(`/api/campaigns/${id}/preview`)).body).toMatchObject({
      audience: 4,
      sms: {
        people: 4,
        segments: 5,
        estimate: 100,
        bySegments: { 1: 3, 2: 1 },
        longest: { row: 5 },
      },
    });
  });
});

test('the documentation names the answers that a route has, and no others', async () => {
  const { body: read } = await api.get('/openapi.json');
  const { paths } = read as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  const answers = (path: string, method: string) =>
    Object.keys(paths[path]?.[method]?.responses ?? {});
  expect(answers('/api/campaigns', 'get')).toEqual(['200', '400', '401', '403', '503']);
  expect(answers('/api/campaigns', 'post')).toEqual(
    expect.arrayContaining(['200', '201', '413', '422']),
  );
  expect(answers('/api/templates', 'get')).toContain('401');
  for (const methods of Object.values(paths)) {
    for (const { responses } of Object.values(methods)) expect(responses).toHaveProperty('401');
  }
});

describe('a campaign is found by the beginning of its id', () => {
  test('and by nothing that is no id', async () => {
    const id = await api.draft();
    const found = await api.get(`/api/campaigns?idPrefix=${id.slice(0, 23).toUpperCase()}`);
    expect(found.body).toMatchObject({ campaigns: [{ id }] });
    expect(await api.get('/api/campaigns?idPrefix=ffffffff')).toMatchObject({
      body: { campaigns: [] },
    });
    expect(await api.get('/api/campaigns?idPrefix=%25')).toMatchObject({ status: 400 });
  });
});

describe('a draft that is there', () => {
  test('is copied with its list and deleted, and a second editor is told of the first', async () => {
    const id = await api.draft({ audience: { kind: 'list', recipients: recipients(2, 500) } });
    const { campaign } = (await api.get(`/api/campaigns/${id}`)).body as unknown as {
      campaign: { changedAt: string };
    };
    const rename = (name: string) =>
      api.call('PATCH', `/api/campaigns/${id}`, { name, changedAt: campaign.changedAt });
    expect((await rename('Первая')).status).toBe(200);
    expect(await rename('Вторая')).toMatchObject({ status: 409 });

    const copied = await api.post(`/api/campaigns/${id}/copy`);
    expect(copied).toMatchObject({
      status: 201,
      body: { campaign: { name: 'Первая (копия)', status: 'draft', counts: { audience: 2 } } },
    });
    expect((await api.call('DELETE', `/api/campaigns/${id}`)).status).toBe(200);
    expect((await api.get(`/api/campaigns/${id}`)).status).toBe(404);
    const { campaign: copy } = copied.body as unknown as { campaign: { id: string } };
    expect((await api.post(`/api/campaigns/${copy.id}/start`, { confirm: 2 })).status).toBe(200);
    expect((await api.call('DELETE', `/api/campaigns/${copy.id}`)).status).toBe(409);
  });
});
