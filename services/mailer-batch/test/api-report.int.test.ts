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
});
