/** Texts of people's own over HTTP, and a campaign that is made of one. */
import { describe, expect, test } from 'vitest';
import { recipients, useApi } from './api-rig.ts';

const api = useApi();
const mail = (text: string, subject = 'Ждём в субботу') => ({
  mail: { subject, preheader: 'В полдень', blocks: [{ type: 'text', text }] },
});
const put = (name: string, content: unknown, base = 0, more: object = {}) =>
  api.call(
    'PUT',
    `/api/texts/${name}`,
    { base, content, ...more },
    { 'x-leadwire-actor': 'aida@leadwire-sample.kz' },
  );
const answer = (reply: { status: number; body: unknown }) => [reply.status, reply.body];

describe('a text', () => {
  test('has versions: the second who saves on top of one is told, and an earlier one comes back', async () => {
    expect(answer(await put('open-day', mail('раз')))).toMatchObject([
      200,
      { version: 1, isNew: true, findings: [] },
    ]);
    expect(answer(await put('open-day', mail('два'), 1))).toMatchObject([200, { version: 2 }]);
    expect(answer(await put('open-day', mail('три'), 1))).toMatchObject([
      409,
      { error: expect.stringMatching(/aida@leadwire-sample\.kz saved version 2/) },
    ]);
    expect(answer(await put('open-day', mail('два'), 2))).toMatchObject([
      200,
      { version: 2, isNew: false },
    ]);
    const restored = await api.post('/api/texts/open-day/restore', { version: 1, base: 2 });
    expect(answer(restored)).toMatchObject([200, { version: 3 }]);
    const versions = await api.get('/api/texts/open-day/versions');
    expect(versions.body).toMatchObject({
      versions: [{ version: 3, restoredFrom: 1, isCurrent: true }, { version: 2 }, { version: 1 }],
    });
    const page = await api.get('/api/texts/open-day/preview?format=html&who=');
    expect(page.text).toContain('раз');
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
  });

  test('is refused in words: another name, another shape, a name of the product', async () => {
    expect((await put('Имя', mail('x'))).status).toBe(400);
    expect(answer(await put('bad', { mail: { blocks: [{ type: 'video' }] } }))).toMatchObject([
      422,
      {},
    ]);
    expect((await put('stream-moved', mail('x'))).status).toBe(422);
    expect((await api.get('/api/texts/nothing')).status).toBe(404);
    expect((await api.post('/api/texts/nothing/check')).status).toBe(404);
  });
});

describe('a campaign of a text', () => {
  const people = { kind: 'list', recipients: recipients(2) };
  const draft = (template: string) => api.draft({ template, variables: {}, audience: people });

  test('is sent in the version that was confirmed, whatever is written later', async () => {
    await put('frozen', mail('Здравствуйте, {{ name }}! Первый текст.'));
    const id = await draft('frozen');
    await put('frozen', mail('Здравствуйте, {{ name }}! Второй текст.'), 1);
    const shown = await api.get(`/api/campaigns/${id}/preview?format=text`);
    expect(shown.text).toMatch(/^Здравствуйте, Айгерим! Второй текст\./);
    expect((await api.post(`/api/campaigns/${id}/start`, { confirm: 2 })).status).toBe(200);
    await put('frozen', mail('Третий текст.'), 2);
    const after = await api.get(`/api/campaigns/${id}/preview?format=text`);
    expect(after.text).toContain('Второй текст.');
    const [row] = await api
      .supabase()
      .landing.sql<{ frozen: object }>('select frozen from campaigns where id = $1', [id]);
    expect(row?.frozen).toMatchObject({ template: 'frozen', textVersion: 2 });
  });

  test('does not start while something forbids it, or when its list lacks a column', async () => {
    await put('unfinished', mail('Ждём.', ''));
    const id = await draft('unfinished');
    const start = await api.post(`/api/campaigns/${id}/start`, { confirm: 2 });
    expect(answer(start)).toMatchObject([422, { issues: [{ path: 'template.no_subject' }] }]);
    await put('needs-city', mail('Город: {{ city }}'));
    const base = { name: 'Эфир', channel: 'email', template: 'needs-city', audience: people };
    expect(answer(await api.post('/api/campaigns', base))).toMatchObject([
      422,
      {
        issues: expect.arrayContaining([
          expect.objectContaining({ message: expect.stringContaining('city') }),
        ]),
      },
    ]);
    await api.call('DELETE', '/api/texts/unfinished');
    expect((await api.post(`/api/campaigns/${id}/start`, { confirm: 2 })).status).toBe(422);
  });
});

test('a picture is kept by its bytes, and what is none is refused in words', async () => {
  const dot = Buffer.from('R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
  const send = (bytes: Buffer) =>
    api.call('POST', '/api/pictures', bytes, { 'content-type': 'image/gif' });
  const kept = await send(dot);
  expect(answer(kept)).toMatchObject([201, { width: 1, height: 1 }]);
  const { url } = kept.body as unknown as { url: string };
  expect(url).toMatch(/^https?:\/\/[^/]+\/i\/[0-9a-f]{32}\.gif$/);
  expect(answer(await send(Buffer.from('<svg/>')))).toMatchObject([
    422,
    { error: expect.stringContaining('SVG') },
  ]);
});
