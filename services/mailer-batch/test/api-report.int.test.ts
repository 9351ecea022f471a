import { describe, expect, test } from '@jest/globals';
import { readCsv } from '../src/audience/audience-csv.ts';
import { readAudience } from '../src/audience/audience.ts';
import { recipients, useApi } from './api-rig.ts';

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
