import { describe, expect, test } from 'vitest';
import { recipients, useApi, variables } from './api-rig.ts';

const api = useApi();

const csv = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('a CSV', () => {
  test('is taken as a file of bytes in any encoding', async () => {
    const id = await api.draft();
    const windows = Buffer.from([...'Имя;Почта\nАнна;anna@mail.kz\n'].map(windows1251));
    const answer = await api.call('PUT', `/api/campaigns/${id}/audience`, windows);
    expect(answer).toMatchObject({ status: 200, body: { preview: { read: 1, audience: 1 } } });
    const preview = await api.get(`/api/campaigns/${id}/preview?format=text`);
    expect(preview.text).toContain('Здравствуйте, Анна!');
  });

  test('may have its columns named, and tells what to know of it before the start', async () => {
    const id = await api.draft();
    const path = `/api/campaigns/${id}/audience`;
    const named = '?nameColumn=%D0%9A%D1%82%D0%BE&emailColumn=%D0%9A%D1%83%D0%B4%D0%B0';
    const file = csv('Кто;Куда', 'Анна;anna@gamil.com', 'Айг?рим;a@mail.kz', ';b@mail.kz');
    expect((await api.call('PUT', path, file)).status).toBe(422);
    const notes = {
      nameless: 2,
      garbledNames: { count: 1, rows: [3] },
      typos: { count: 1, rows: [{ row: 2, domain: 'gamil.com', probably: 'gmail.com' }] },
    };
    const answer = await api.call('PUT', path + named, file);
    expect(answer).toMatchObject({ status: 200, body: { preview: { audience: 3, notes } } });
    expect((await api.get(`/api/campaigns/${id}/preview`)).body).toMatchObject({ notes });
    expect((await api.get(`/api/campaigns/${id}/report`)).body).toMatchObject({ list: { notes } });
    const columns = { name: 'Кто', email: 'Куда' };
    const shorter = csv('Кто;Куда', 'Анна;anna@mail.kz');
    const again = await api.call('PUT', path, { audience: { kind: 'csv', csv: shorter, columns } });
    expect(again.body).toMatchObject({ preview: { audience: 1, notes: { nameless: 0 } } });
    const far = await api.get(`/api/campaigns/${id}/preview?row=99999999999`);
    expect(far.status).toBe(404);
  });

  test('keeps the draft’s own exclusions, unless others come with the list', async () => {
    const id = await api.draft({ exclude: ['anna@mail.kz'] });
    const path = `/api/campaigns/${id}/audience`;
    const file = csv('name;email', 'Анна;anna@mail.kz', 'Борис;boris@mail.kz');
    const first = await api.call('PUT', path, file);
    expect(first.body).toMatchObject({ preview: { leftOut: { excluded_by_campaign: 1 } } });
    const audience = { kind: 'csv', csv: file };
    const second = await api.call('PUT', path, { audience, exclude: [] });
    expect(second.body).toMatchObject({ preview: { audience: 2, leftOut: {} } });
    expect((await api.call('PUT', path, { audiense: audience })).status).toBe(400);
  });

  test('with broken rows is refused with each row and reason, and changes nothing', async () => {
    const id = await api.draft({ audience: { kind: 'list', recipients: recipients(2) } });
    const broken = csv(
      'name;email',
      'Анна;a@mail.kz',
      'Борис',
      'Вера;v@mail.kz;?',
      '"Глеб;g@mail.kz',
    );
    const answer = await api.call('PUT', `/api/campaigns/${id}/audience`, broken);
    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({
      success: false,
      error: '3 rows of the list cannot be used, so nothing of it was taken',
      issues: [
        { path: 'row 3', message: '1 columns where the header has 2' },
        { path: 'row 4', message: '3 columns where the header has 2' },
        { path: 'row 5', message: 'a quotation mark is opened and never closed' },
      ],
    });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({ audience: 2 });
  });

  test('with broken rows makes no campaign', async () => {
    const before = await api.get('/api/campaigns?limit=200');
    const answer = await api.post('/api/campaigns', {
      name: 'Эфир',
      channel: 'email',
      template: 'stream-moved',
      variables,
      audience: { kind: 'csv', csv: csv('name,email', 'Анна,a@mail.kz', 'Борис') },
    });
    expect(answer.status).toBe(422);
    expect((await api.get('/api/campaigns?limit=200')).text).toBe(before.text);
  });

  test('with a variable missing for somebody names row and variable', async () => {
    const id = await api.draft({ variables: { ...variables, link: undefined } });
    const lines = [
      'email;LINK;note',
      'a@mail.kz;https://leadwire.kz/1;x',
      'b@mail.kz;;y',
      'c@mail.kz;http;z',
    ];
    const answer = await api.call('PUT', `/api/campaigns/${id}/audience`, csv(...lines));
    expect(answer).toMatchObject({
      status: 422,
      body: {
        issues: [
          { path: 'row 3', message: 'link: missing' },
          { path: 'row 4', message: expect.stringMatching(/^link: /) },
        ],
      },
    });
    const good = await api.call('PUT', `/api/campaigns/${id}/audience`, csv(...lines.slice(0, 2)));
    expect(good.status).toBe(200);
    const { text } = await api.get(`/api/campaigns/${id}/preview?format=text`);
    expect(text).toContain('https://leadwire.kz/1');
  });

  test.each([
    [
      'formulas and tags',
      csv('name;email', '=cmd|x;a@mail.kz', '<script>alert(1)</script>;b@mail.kz'),
      2,
    ],
    ['header injection', csv('name;email', '"Анна\r\nBcc: x@y.kz";a@mail.kz'), 0],
    ['line breaks in an address', csv('name;email', 'Анна;"a@mail.kz\nb@mail.kz"'), 0],
    [
      'SQL',
      csv('name;email', `"'; drop table campaigns; --";a@mail.kz`, `x;' or 1=1 --@mail.kz`),
      1,
    ],
    ['binary', '\u0000\u0001PNG', 0],
  ])('with %s does no harm', async (_what, content, audience) => {
    const id = await api.draft();
    const answer = await api.call('PUT', `/api/campaigns/${id}/audience`, content);
    expect([200, 422]).toContain(answer.status);
    const preview = await api.get(`/api/campaigns/${id}/preview`);
    expect(preview.status).toBe(200);
    expect(preview.body).toMatchObject({ audience });
    const page = await api.get(`/api/campaigns/${id}/preview?format=html`);
    expect(page.text).not.toContain('<script>');
  });

  test('a line break in a name is neutralised', async () => {
    const id = await api.draft();
    const content = csv('name;email', '"Анна\r\nBcc: all";a@mail.kz');
    await api.call('PUT', `/api/campaigns/${id}/audience`, content);
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({ sample: { name: 'Анна Bcc: all', row: 2 } });
    const { text } = await api.get(`/api/campaigns/${id}/preview?format=text`);
    // What no name has in it is not greeted with.
    expect(text).toContain('Здравствуйте!\n');
  });

  test('beside another one that comes in at the same time is not mixed with it', async () => {
    const id = await api.draft();
    const listOf = (who: string) =>
      csv('email', ...Array.from({ length: 3_500 }, (_, n) => `${who}${n}@mail.kz`));
    const answers = await Promise.all(
      ['anna', 'boris'].map((who) => api.call('PUT', `/api/campaigns/${id}/audience`, listOf(who))),
    );
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const { body, text } = await api.get(`/api/campaigns/${id}/report?limit=1000`);
    expect(body).toMatchObject({ list: { audience: 3_500 } });
    expect(text.includes('"anna')).not.toBe(text.includes('"boris'));
  });

  test('of another type is refused', async () => {
    const id = await api.draft();
    const headers = { 'content-type': 'application/vnd.ms-excel' };
    const answer = await api.call('PUT', `/api/campaigns/${id}/audience`, 'x', headers);
    expect(answer.status).toBe(415);
  });
});

function windows1251(character: string): number {
  const code = character.charCodeAt(0);
  return code >= 0x410 && code <= 0x44f ? code - 0x350 : code;
}
