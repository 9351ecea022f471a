import { describe, expect, test } from '@jest/globals';
import { readCsv } from '../src/audience-csv.ts';
import { readAudience } from '../src/audience.ts';
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
      ...{ status: 200, body: { campaign: { status: 'running', confirmedCount: 3 } } },
    });
    expect(await start(3)).toMatchObject({
      ...{ status: 409, body: { error: 'the campaign is running: it cannot start' } },
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
      ...{ read: 4, audience: 2, leftOut: { suppressed: 1, excluded_standing: 1 } },
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
      ...{ audience: 1, leftOut: { topic_already_sent: 1 } },
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
      ...{ status: 200, body: { campaign: { status: 'paused', pauseReason: 'by_hand' } } },
    });
    expect(await post('resume')).toMatchObject({ body: { campaign: { status: 'running' } } });
    const patched = await api.call('PATCH', `/api/campaigns/${id}`, { ratePerSecond: 2.5 });
    expect(patched).toMatchObject({ status: 200, body: { campaign: { ratePerSecond: 2.5 } } });
    expect(await api.post(`/api/campaigns/${id}/retry`)).toMatchObject({ body: { people: 0 } });
    expect(await post('cancel')).toMatchObject({
      body: {
        campaign: {
          ...{ status: 'cancelled', counts: { audience: 3, skipped: 3, pending: 0 } },
          progress: { perSecond: 0, secondsLeft: null },
        },
      },
    });
    expect(await post('resume')).toMatchObject({ status: 409 });
    expect(await post('start')).toMatchObject({ status: 400 });
  });
});

describe('the preview', () => {
  test('shows the mail as a page that can do nothing, and as text', async () => {
    const id = await api.draft({
      audience: {
        kind: 'list',
        recipients: [
          { name: '<img src=x onerror=alert(1)>', email: 'a@mail.kz' },
          { name: 'Борис', email: 'b@mail.kz' },
        ],
      },
    });
    const page = await api.get(`/api/campaigns/${id}/preview?format=html`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).toContain('<!doctype html>');
    expect(page.text).toContain('осталось 7 дней');
    expect(page.text).not.toContain('<img');
    const text = await api.get(`/api/campaigns/${id}/preview?format=text&row=2`);
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.text).toContain('Здравствуйте, Борис!');
    expect((await api.get(`/api/campaigns/${id}/preview?row=3`)).status).toBe(404);
  });

  test('of an SMS tells segments and cost, and what Cyrillic and emoji add', async () => {
    const personal = (tail: string) => `https://leadwire.kz/${tail}`;
    const id = await api.draft({
      channel: 'sms',
      audience: {
        kind: 'list',
        recipients: [
          { name: 'Анна', phone: '8 705 123 45 67', link: personal('a') },
          { name: 'Борис', phone: '+77051234568', link: personal('b'.repeat(60)) },
          { name: 'Вера', email: 'vera@mail.kz' },
        ],
      },
    });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({
      ...{ read: 3, audience: 2, leftOut: { contact_missing: 1 } },
      people: { items: [{ row: 3, name: 'Вера', reason: 'contact_missing' }] },
      sms: {
        ...{ people: 2, segments: 3, estimate: 60, bySegments: { 1: 1, 2: 1 } },
        longest: {
          ...{ row: 2, encoding: 'UCS-2', segments: 2, oneSegment: 70 },
          ...{ segmentsWithoutSpecial: 1, segmentsWithoutEmoji: 2 },
          special: expect.arrayContaining(['э', 'ф']),
        },
      },
    });
    const page = await api.get(`/api/campaigns/${id}/preview?format=html`);
    expect(page.text).toContain('эфир перенесён на 27.11 19:00 https://leadwire.kz/a');
  });

  test('lists everybody who is left out, page by page', async () => {
    const nobody = Array.from({ length: 25 }, (_, n) => ({ name: `Имя ${n}` }));
    const id = await api.draft({ audience: { kind: 'list', recipients: nobody } });
    const rows: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const { body } = await api.get(`/api/campaigns/${id}/preview?after=${after}&limit=10`);
      const { people } = body as unknown as {
        people: { items: { row: number }[]; nextAfter: number | null };
      };
      rows.push(...people.items.map(({ row }) => row));
      after = people.nextAfter;
    }
    expect(rows).toEqual(nobody.map((_, index) => index + 1));
  });
});

describe('a test send', () => {
  test('reaches the given addresses, marked as a test, and nobody twice for the same key', async () => {
    const id = await api.draft(listed(1, 700));
    const send = (key: string) =>
      api.post(
        `/api/campaigns/${id}/test`,
        { to: ['Marketer@leadwire-sample.kz', 'marketer@leadwire-sample.kz'] },
        { 'idempotency-key': key },
      );
    for (const key of ['one', 'one', 'two']) {
      expect(await send(key)).toMatchObject({
        status: 200,
        body: { results: [{ to: 'marketer@leadwire-sample.kz', sent: true }] },
      });
    }
    const mails = await api.control().mails('marketer@leadwire-sample.kz');
    expect(mails).toHaveLength(2);
    expect(mails[0]).toMatchObject({
      subject: '[Тест] Эфир «Как выбрать профессию» перенесён на 27 ноября',
      text: expect.stringContaining('Здравствуйте, Айгерим!'),
    });
    expect(await statusOf(id)).toMatchObject({ campaign: { status: 'draft' } });
  });

  test('of an SMS is the text to the letter, once for the same key', async () => {
    const id = await api.draft({ channel: 'sms' });
    const send = (key: string) =>
      api.post(
        `/api/campaigns/${id}/test`,
        { to: ['8 705 765 43 21'] },
        { 'idempotency-key': key },
      );
    for (const key of ['one', 'one', 'two']) {
      expect(await send(key)).toMatchObject({ status: 200, body: { results: [{ sent: true }] } });
    }
    const texts = (await api.control().sms('77057654321')).map(({ text }) => text);
    const text = 'Leadwire: эфир перенесён на 27.11 19:00 https://leadwire.kz/s/b4Tz9Rc';
    expect(texts).toEqual([text, text]);
  });

  test('says what became of each address, and refuses what is none', async () => {
    const id = await api.draft();
    const answer = await api.post(`/api/campaigns/${id}/test`, {
      to: ['nobody@example.com', 'somebody@leadwire-sample.kz'],
    });
    expect(answer.body).toMatchObject({
      results: [
        { to: 'nobody@example.com', sent: false, error: expect.stringContaining('Resend') },
        { to: 'somebody@leadwire-sample.kz', sent: true },
      ],
    });
    const wrong = await api.post(`/api/campaigns/${id}/test`, { to: ['a@mail.kz', 'b@'] });
    expect(wrong).toMatchObject({ status: 422, body: { issues: [{ path: 'to.1' }] } });
  });
});

describe('the report', () => {
  test('is a CSV without formulas, with everybody of the list in its order', async () => {
    const names = ['=1+1', '+7705', '-2', '@SUM(A1)', '\tTab', 'Обычное; "имя"', '＝1'];
    const id = await api.draft({
      audience: {
        kind: 'list',
        recipients: [
          ...names.map((name, n) => ({ name, email: `report-${n}@mail.leadwire-sample.kz` })),
          { name: '=cmd|calc', email: '=1@' },
        ],
      },
    });
    await api.post(`/api/campaigns/${id}/start`, { confirm: 7 });
    const { text, headers } = await api.get(`/api/campaigns/${id}/report`, { accept: 'text/csv' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toContain(`campaign-${id}.csv`);
    const [header, ...lines] = text.trimEnd().split('\r\n');
    expect(header?.split(';').slice(0, 5)).toEqual(['row', 'name', 'contact', 'status', 'reason']);
    expect(lines.map((line) => line.split(';', 2).join(';'))).toEqual([
      "1;'=1+1",
      "2;'+7705",
      "3;'-2",
      "4;'@SUM(A1)",
      '5;Tab',
      '6;"Обычное',
      "7;'＝1",
      "8;'=cmd|calc",
    ]);
    expect(lines[7]).toBe(`8;'=cmd|calc;'=1@;left_out;contact_invalid;;;;;;;;;;`);
    expect(text).not.toMatch(/(^|;)"?[=+@\t-]/m);
  });

  test('is taken back as a list', async () => {
    const id = await api.draft({
      channel: 'sms',
      audience: { kind: 'list', recipients: [{ name: 'Анна', phone: '87051234567' }] },
    });
    const { text } = await api.get(`/api/campaigns/${id}/report`, { accept: 'text/csv' });
    const csv = Buffer.from(text.replace('contact', 'phone'));
    const options = {
      channel: 'sms',
      exclude: [],
      broken: [],
      readVariables: () => ({ variables: {} }),
    } as const;
    const { people } = await readAudience(
      readCsv(csv, 'phone', () => undefined),
      { ...options, broken: [] },
    );
    expect(people).toMatchObject([{ contact: '+77051234567', name: 'Анна' }]);
  });

  test('as JSON comes in pages', async () => {
    const id = await api.draft(listed(3, 800));
    const first = await api.get(`/api/campaigns/${id}/report?limit=2`);
    expect(first.body).toMatchObject({
      campaign: { status: 'draft', counts: { audience: 3, pending: 3 } },
      list: { read: 3, audience: 3 },
      people: { items: [{ row: 1, status: 'pending' }, { row: 2 }], nextAfter: 2 },
    });
    const second = await api.get(`/api/campaigns/${id}/report?limit=2&after=2`);
    expect(second.body).toMatchObject({ people: { items: [{ row: 3 }], nextAfter: null } });
  });
});

describe('the lists of people who are not written to', () => {
  test.each(['/api/suppressions', '/api/exclusions'])(
    '%s is looked at and changed',
    async (path) => {
      const contacts = [
        { channel: 'email', contact: 'Lists@Mail.kz' },
        { channel: 'sms', contact: '8 705 111 22 33' },
      ];
      expect(await api.post(path, { contacts, note: 'проба' })).toMatchObject({
        body: { changed: 2 },
      });
      expect(await api.post(path, { contacts })).toMatchObject({ body: { changed: 0 } });
      const { body } = await api.get(path);
      expect(body).toMatchObject({
        items: expect.arrayContaining([
          expect.objectContaining({ channel: 'email', contact: 'lists@mail.kz' }),
          expect.objectContaining({ channel: 'sms', contact: '+77051112233' }),
        ]),
      });
      expect(await api.call('DELETE', path, { contacts })).toMatchObject({ body: { changed: 2 } });
      expect((await api.get(path)).text).not.toContain('lists@mail.kz');
      const wrong = await api.post(path, {
        contacts: [{ channel: 'sms', contact: 'lists@mail.kz' }],
      });
      expect(wrong).toMatchObject({ status: 422, body: { issues: [{ path: 'contacts.0' }] } });
    },
  );
});

test('templates say what they ask for', async () => {
  const { body } = await api.get('/api/templates');
  expect(body).toMatchObject({
    templates: [
      {
        name: 'stream-moved',
        channels: ['email', 'sms'],
        variables: expect.arrayContaining([
          expect.objectContaining({ name: 'newDate', required: true }),
        ]),
      },
    ],
  });
});
