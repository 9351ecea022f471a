import { describe, expect, test } from 'vitest';
import { readCsv } from '../src/audience/audience-csv.ts';
import { readAudience } from '../src/audience/audience.ts';
import { recipients, useApi } from './api-rig.ts';
import { bringOn } from '../src/campaigns/subject-tests.ts';

const api = useApi();

function listed(count: number, from = 0) {
  return { audience: { kind: 'list', recipients: recipients(count, from) } };
}

describe('the report', () => {
  test('is a CSV without formulas, with everybody of the list in its order', async () => {
    // What is no name is left out; what may be one keeps its letters and loses its power.
    const names = ['=Анна', '+Анна', '-Анна', '=1+1', '\tTab', 'Обычное; "имя"', '＝Анна'];
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
      "1;'=Анна",
      "2;'+Анна",
      "3;'-Анна",
      '4;',
      '5;Tab',
      '6;"Обычное',
      "7;'＝Анна",
      "8;'=cmd|calc",
    ]);
    expect(lines[7]).toBe(`8;'=cmd|calc;'=1@;left_out;contact_invalid;;;;;;;;;;;`);
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

describe('the sums of a report', () => {
  const sql = (text: string, values: unknown[]) => api.supabase().landing.sql(text, values);

  test('tell links by people, keep scanners apart, name domains with trouble and what was sold', async () => {
    const id = await api.draft(listed(4, 9_000));
    await api.post(`/api/campaigns/${id}/start`, { confirm: 4 });
    await sql(
      `update campaign_recipients set status = 'sent', sent_at = '2026-11-20T10:00:00Z',
         delivered_at = '2026-11-20T10:00:10Z', opened_at = case when line = 1 then timestamptz '2026-11-20T12:30:00Z' end,
         bounced_at = case when line = 4 then timestamptz '2026-11-20T10:00:11Z' end where campaign_id = $1`,
      [id],
    );
    await sql(
      `insert into campaign_clicks (event_id, campaign_id, recipient_id, link, clicked_at, by_program)
       select x.n || ':' || r.id, r.campaign_id, r.id, x.link, timestamptz '2026-11-20T10:00:00Z' + make_interval(secs => x.after), x.by
       from (values (1, 1, 'https://a.kz/', 60, false), (2, 1, 'https://a.kz/', 90, false), (3, 2, 'https://a.kz/', 70, false),
         (4, 1, 'https://b.kz/', 80, false), (5, 3, 'https://b.kz/', 12, false), (6, 3, 'https://a.kz/', 5, false),
         (7, 3, 'https://a.kz/', 900, true)) as x(n, line, link, after, by)
       join campaign_recipients r on r.campaign_id = $1 and r.line = x.line`,
      [id],
    );
    await sql(
      `insert into sales (id, student_id, email, amount, sold_at, refunded_at, superseded_by)
       select gen_random_uuid(), 'student', r.contact, 45000, timestamptz '2026-11-20T10:00:00Z' + s.after, s.back, null
       from (values (interval '13 days', null), (interval '15 days', null), (interval '1 day', now())) as s(after, back),
         campaign_recipients r where r.campaign_id = $1 and r.line = 2`,
      [id],
    );
    const { body } = await api.get(`/api/campaigns/${id}/report?limit=1`);
    expect(body).toMatchObject({
      summary: {
        links: [
          { link: 'https://a.kz/', people: 2, clicks: 3, early: 2 },
          { link: 'https://b.kz/', people: 1, clicks: 1, early: 1 },
        ],
        hours: [{ hour: 2, opened: 1, clicked: 0 }],
        domains: [{ domain: 'mail.leadwire-sample.kz', bounced: 1, failed: 0, complained: 0 }],
        sales: { count: 1, amount: 45_000 },
        cost: null,
      },
    });
  });

  test('tell what SMS cost: the segments of those that went out', async () => {
    const audience = {
      kind: 'list',
      recipients: [{ phone: '87051234567' }, { phone: '87051234568' }],
    };
    const id = await api.draft({ channel: 'sms', audience });
    await api.post(`/api/campaigns/${id}/start`, { confirm: 2 });
    const people = await sql(
      `select id, batch from campaign_recipients where campaign_id = $1 order by line`,
      [id],
    );
    await sql(`update campaign_recipients set status = 'sending' where campaign_id = $1`, [id]);
    const [first, second] = people.map((row) => String(row['id']));
    const n = Number(people[0]?.['batch']);
    await sql(`update campaign_batches set owner = 'test' where campaign_id = $1`, [id]);
    await api.ports().store.settle(id, {
      n,
      owner: 'test',
      results: [
        { id: first ?? '', status: 'sent', providerId: '1', segments: 2 },
        { id: second ?? '', status: 'failed', reason: 'refused_by_provider' },
      ],
    });
    const { body } = await api.get(`/api/campaigns/${id}/report?limit=1`);
    expect(body).toMatchObject({ summary: { segments: 2, cost: 40 } });
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

describe('two subjects', () => {
  const subjects = ['Эфир переносится', 'Новая дата эфира'] as const;
  const ask = (id: string, more: object) =>
    api.post(`/api/campaigns/${id}/subjects`, {
      subjects,
      sharePercent: 40,
      waitHours: 0,
      ...more,
    });
  const rows = (sql: string, id: string) => api.supabase().landing.sql(sql, [id]);

  test('are tried on a part of the list; the rest gets the one that more people clicked on, and everybody one of them', async () => {
    const id = await api.draft({ audience: { kind: 'list', recipients: recipients(40, 7_000) } });
    expect(await ask(id, { confirm: 39 })).toMatchObject({ status: 409, body: { audience: 40 } });
    expect(await ask(id, { confirm: 40, subjects: ['Одна', 'Одна'] })).toMatchObject({
      status: 422,
    });
    const braces = ['{{ name }}, эфир', 'Другая'];
    expect(await ask(id, { confirm: 40, subjects: braces })).toMatchObject({ status: 400 });

    const begun = await ask(id, { confirm: 40 });
    const { test: made } = begun.body as unknown as { test: { aId: string; bId: string } };
    expect((await ask(id, { confirm: 24 })).status).toBe(409);
    await bringOn(api.ports());
    const parts = [made.aId, made.bId];
    for (const part of parts) {
      expect((await api.get(`/api/campaigns/${part}`)).body).toMatchObject({
        campaign: { status: 'running', counts: { audience: 8 } },
      });
      await rows(
        `update campaign_recipients set status = 'sent', sent_at = now(),
           clicked_at = case when campaign_id = '${made.bId}' then now() end where campaign_id = $1`,
        part,
      );
    }
    await bringOn(api.ports());
    await bringOn(api.ports());
    expect((await api.get(`/api/campaigns/${id}/subjects`)).body).toMatchObject({
      test: { winner: 'b', decidedAt: expect.any(String) },
    });
    expect((await api.get(`/api/campaigns/${id}`)).body).toMatchObject({
      campaign: { status: 'running', subject: 'Новая дата эфира', counts: { audience: 24 } },
    });
    const frozen = await rows(
      `select frozen -> 'mail' ->> 'subject' as subject from campaigns where id = $1`,
      id,
    );
    expect(frozen).toEqual([{ subject: 'Новая дата эфира' }]);
    const everybody = await rows(
      `select count(distinct contact)::int as people, count(*)::int as copies from campaign_recipients
       where campaign_id in ($1, '${made.aId}', '${made.bId}')`,
      id,
    );
    expect(everybody).toEqual([{ people: 40, copies: 40 }]);
  });

  test('of which a person cancels one leave the rest to a person', async () => {
    const id = await api.draft({ audience: { kind: 'list', recipients: recipients(20, 8_000) } });
    const begun = await ask(id, { confirm: 20 });
    const { test: made } = begun.body as unknown as { test: { aId: string } };
    await bringOn(api.ports());
    expect((await api.post(`/api/campaigns/${made.aId}/cancel`)).status).toBe(200);
    await bringOn(api.ports());
    expect((await api.get(`/api/campaigns/${id}`)).body).toMatchObject({
      campaign: { status: 'draft' },
    });
    expect((await api.get(`/api/campaigns/${id}/subjects`)).body).toMatchObject({
      test: { winner: null, decidedAt: expect.any(String) },
    });
  });

  test('or two texts, tried on 2,000 people: the rest gets the text that more people clicked on', async () => {
    const text = (words: string) => ({
      base: 0,
      content: { mail: { subject: words, preheader: '', blocks: [{ type: 'text', text: words }] } },
    });
    await api.call('PUT', '/api/texts/short-text', text('Коротко о главном'));
    await api.call('PUT', '/api/texts/long-text', text('Подробно обо всём'));
    const audience = { kind: 'list', recipients: recipients(2_000, 20_000) };
    const id = await api.draft({ template: 'short-text', variables: {}, audience });
    const tryTexts = (templates: string[], confirm = 2_000) =>
      api.post(`/api/campaigns/${id}/subjects`, { templates, waitHours: 0, confirm });
    expect(await tryTexts(['short-text', 'short-text'])).toMatchObject({ status: 422 });
    expect(await tryTexts(['short-text', 'no-such-text'])).toMatchObject({ status: 422 });
    const begun = await tryTexts(['short-text', 'long-text']);
    const { test: made } = begun.body as unknown as { test: { aId: string; bId: string } };
    await bringOn(api.ports());
    // 16 of 200 follow the short one, 24 of 200 the long one; as many more are scanners of the short one.
    for (const [part, clicks] of [
      [made.aId, 16],
      [made.bId, 24],
    ] as const) {
      await rows(
        `update campaign_recipients r set status = 'sent', sent_at = now(), opened_at = now(),
           clicked_at = case when o.place <= ${clicks} then now() end,
           program_clicked_at = case when r.campaign_id = '${made.aId}' and o.place between 17 and 60 then now() end
         from (select id, row_number() over (order by id) as place from campaign_recipients where campaign_id = $1) o
         where r.id = o.id`,
        part,
      );
    }
    await bringOn(api.ports());
    await bringOn(api.ports());
    expect((await api.get(`/api/campaigns/${id}/subjects`)).body).toMatchObject({
      test: { winner: 'b', templateA: 'short-text', templateB: 'long-text', subjectA: null },
    });
    expect((await api.get(`/api/campaigns/${id}`)).body).toMatchObject({
      campaign: { status: 'running', template: 'long-text', counts: { audience: 1_600 } },
    });
    const said = await rows(
      `select frozen ->> 'mail' like '%Подробно обо всём%' as found from campaigns where id = $1`,
      id,
    );
    expect(said).toEqual([{ found: true }]);
  });
});
